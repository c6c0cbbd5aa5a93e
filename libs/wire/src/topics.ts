/** Names of a pipeline's topics (design 02 §2.3). The only place where they are made. */
export interface TopicNames {
  raw(dataset: string): string
  validated(dataset: string): string
  dead(dataset: string): string
  evaluation(dataset: string, variant: string): string
  hop(view: string, plan: string, edge: string): string
  index(view: string, plan: string, edge: string): string
  documents(view: string, plan: string): string
  readonly relations: string
  readonly positions: string
  readonly contracts: string
  readonly control: string
}

export const topicNames = (pipeline: string): TopicNames => ({
  raw: dataset => `${pipeline}.raw.${dataset}`,
  validated: dataset => `${pipeline}.validated.${dataset}`,
  dead: dataset => `${pipeline}.dead.${dataset}`,
  evaluation: (dataset, variant) => `${pipeline}.eval.${dataset}.${variant}`,
  hop: (view, plan, edge) => `${pipeline}.hop.${view}.${plan}.${edge}`,
  index: (view, plan, edge) => `${pipeline}.index.${view}.${plan}.${edge}`,
  documents: (view, plan) => `${pipeline}.documents.${view}.${plan}`,
  relations: `${pipeline}.relations`,
  positions: `${pipeline}.positions`,
  contracts: `${pipeline}.contracts`,
  control: `${pipeline}.control`,
})

/** What names a pipeline, dataset, view or edge: it becomes part of topic and index names. */
export const NAME_PATTERN = /^[a-z][a-z0-9_-]{0,62}$/

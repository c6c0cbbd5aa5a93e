import { HeadraceError } from '@headrace/errors'
import type { CompiledView, Pipeline } from '@headrace/pipeline'
import { nearestNames } from '@headrace/search-model'

/** Throws usage.invalid with the nearest name. */
export const findView = (pipeline: Pipeline, name: string): CompiledView => {
  const view = pipeline.views.get(name)
  if (view !== undefined) return view
  const names = [...pipeline.views.keys()]
  const [meant] = nearestNames(name, names)
  const hint = `${meant === undefined ? '' : `Did you mean ${meant}? `}Views of the folder: ${names.join(', ') || 'none'}.`
  throw new HeadraceError('usage.invalid', `the pipeline ${pipeline.name} has no view "${name}"`, { hint })
}

import { HeadraceError } from '@headrace/errors'
import { nearestNames } from '@headrace/search-model'
import { indexView, type IndexViewOptions } from './steps/index-view.ts'

export interface IndexerOptions extends Omit<IndexViewOptions, 'view'> {
  /** Names of the views to index; absent: all. */
  readonly views?: readonly string[]
}

/** Indexes the views of a pipeline side by side, until the signal fires or one of them fails for good. */
export const runIndexer = async (options: IndexerOptions, signal: AbortSignal): Promise<void> => {
  const known = options.pipeline.views
  const views = (options.views ?? [...known.keys()]).map(name => {
    const view = known.get(name)
    if (view !== undefined) return view
    throw new HeadraceError(
      'config.invalid',
      `HEADRACE_VIEWS names ${name}, which the pipeline does not have`,
      {
        hint: `It has ${[...known.keys()].join(', ')}; nearest: ${nearestNames(name, known.keys()).join(', ')}.`,
      },
    )
  })
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const running = views.map(view => indexView({ ...options, view }, both))
  try {
    await Promise.all(running)
  } finally {
    stop.abort()
    await Promise.allSettled(running)
  }
}

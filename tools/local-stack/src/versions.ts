/** The servers this stack runs. The npm and Maven coordinates are pinned exactly; the files are verified by locks/. */
export const versions = { postgres: '18.4', kafka: '4.1.1', elasticsearch: '8.19.9' } as const

export const serviceNames = ['postgres', 'kafka', 'elasticsearch'] as const

export type ServiceName = (typeof serviceNames)[number]

/** Takes one line about what is being done; `subject` is the server it is about. */
export type Progress = (subject: string, line: string) => void

export const silent: Progress = () => undefined

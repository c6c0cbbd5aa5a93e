/**
 * Loaded before a service that `headrace dev` runs (`node --import`). Its standard input is a pipe that only the parent
 * holds: when the parent is gone, even by SIGKILL, the pipe ends and the service drains as on SIGTERM. No polling of pids,
 * which can be taken by another process.
 */
process.stdin.on('error', () => undefined)
process.stdin.once('end', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.resume()
// reading must not keep a drained service alive
if ('unref' in process.stdin && typeof process.stdin.unref === 'function') process.stdin.unref()

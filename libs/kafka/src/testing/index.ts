export { readCommitted, type TestRecord } from './read-committed.ts'

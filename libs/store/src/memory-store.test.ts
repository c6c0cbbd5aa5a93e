import { MemoryStore } from './memory-store.ts'
import { storeConformance } from './testing/index.ts'

storeConformance('memory', () => new MemoryStore())

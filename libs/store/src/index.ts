export { MemoryStore } from './memory-store.ts'
export {
  openStore,
  type OpenedStore,
  type OpenStoreOptions,
  type StoreBeginning,
  type StoreIdentity,
} from './open-store.ts'
export { MAX_STORE_KEY_BYTES, type RangeOptions, type Store, type StoreEntry } from './store.ts'

export {
  Document,
  DocumentRecord,
  HopRecord,
  HopRow,
  ProjectedRow,
  Route,
  RouteRecord,
} from './generated/headrace/v1/document.pb.ts'
export { Marker, MarkerKind, Op, Origin, Position } from './generated/headrace/v1/origin.pb.ts'
export {
  CapturePosition,
  ColumnShape,
  EnumLabel,
  HeapShape,
  EventEnvelope,
  RawRecord,
  RelationColumn,
  RelationDescription,
  RowChange,
  SnapshotProgress,
  TableProgress,
  TableShape,
  TableShapes,
  Tuple,
} from './generated/headrace/v1/raw.pb.ts'
export { type ColumnKind, type ColumnType } from './column-type.ts'
export { FRAME_BYTES, frame, MARKER_SCHEMA_ID, unframe, type Frame } from './framing.ts'
export { JsonCursor } from './json-cursor.ts'
export { isMarkerKey, markerKey } from './markers.ts'
export { murmur2, partitionOf } from './partitioner.ts'
export {
  comparePositions,
  decodePosition,
  encodePosition,
  formatLsn,
  parseLsn,
  POSITION_BYTES,
} from './position.ts'
export {
  canonicalKeyText,
  hopKey,
  type KeyTextKind,
  MAX_KEY_BYTES,
  parseHopKey,
  recordKey,
} from './record-key.ts'
export { NAME_PATTERN, topicNames, type TopicNames } from './topics.ts'
export { descriptorProto, readDescriptor } from './typed/descriptor-set.ts'
export { fieldTypeOf } from './typed/field-type.ts'
export { jsonText } from './typed/json-text.ts'
export {
  type FieldType,
  type MessageField,
  type MessageSchema,
  ORIGIN_FIELD,
  type WrittenMessage,
} from './typed/message-schema.ts'
export { compileRowEncoder, type RowEncoder } from './typed/row-encoder.ts'
export { compileRowReader, type RowReader, type TypedRow } from './typed/row-reader.ts'
export { type WriteFault } from './typed/scalar-writers.ts'
export { canonicalDescriptor, schemaId } from './typed/schema-id.ts'

export type { DocumentShape, ShapeField } from './document-shape.ts'

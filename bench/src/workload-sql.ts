/** Rows of the workload for so many images: 5 annotations and 2 links for each, 50 slices, one of which has all images. */
export const workloadSql = (images: number): string => `
insert into dataset (id, name) values (1, 'bench');
insert into slice (id, dataset_id, name) select i, 1, 'slice ' || i from generate_series(1, 50) i;
insert into image (id, key, dataset_id, width, height, metadata, attributes)
  select i, 'images/' || i || '.jpg', 1, 640 + i % 7 * 128, 480,
    jsonb_build_object('timeofday', (array['day', 'dusk', 'night'])[1 + i % 3], 'weather', 'clear', 'speed', i % 90),
    jsonb_build_object('camera', 'cam-' || i % 9, 'exposure', i % 50 / 100.0)
  from generate_series(1, ${images}) i;
insert into annotation (id, image_id, annotation_class, annotation_type, metadata)
  select i, 1 + (i - 1) / 5, (array['car', 'truck', 'pedestrian', 'sign'])[1 + i % 4], 'box',
    jsonb_build_object('occluded', i % 5 = 0, 'confidence', i % 1000 / 1000.0)
  from generate_series(1, ${images * 5}) i;
insert into slice_image (slice_id, image_id)
  select 1, i from generate_series(1, ${images}) i union all select 2 + i % 49, i from generate_series(1, ${images}) i;
analyze;
`

export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** Above all ids that `workloadSql` gives. */
const FIRST_NEW_ID = 1_000_000_000

/** A change of one row: of ten, five update an annotation, two an image, one inserts, one deletes an annotation, one a link. Image 1 is left alone. */
export const singleRowChange = (images: number, number: number): Statement => {
  const annotation = 1 + Math.floor(Math.random() * images * 5)
  const image = 2 + Math.floor(Math.random() * (images - 1))
  switch (number % 10) {
    case 0:
    case 5:
      return { sql: 'update image set width = $2 where id = $1', params: [image, 100 + (number % 5000)] }
    case 1:
      return {
        sql: `insert into annotation (id, image_id, annotation_class, annotation_type) values ($1, $2, 'car', 'box')`,
        params: [FIRST_NEW_ID + number, image],
      }
    case 2:
      return { sql: 'delete from annotation where id = $1', params: [annotation] }
    case 3:
      return {
        sql: 'insert into slice_image (slice_id, image_id) values ($1, $2) on conflict (slice_id, image_id) do update set added_at = now()',
        params: [2 + (number % 49), image],
      }
    default:
      return {
        sql: `update annotation set metadata = jsonb_build_object('confidence', $2::int) where id = $1`,
        params: [annotation, number],
      }
  }
}

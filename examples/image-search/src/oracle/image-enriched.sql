-- Written by hand, on purpose not made from the view: what each document of image_enriched must be.
-- One row per image: key = record key, document = JSON as Postgres prints it.
select
  i.id::text as key,
  json_build_object(
    'id', i.id,
    'key', i.key,
    'dataset_id', i.dataset_id,
    'metadata', i.metadata,
    'attributes', i.attributes,
    'width', i.width,
    'height', i.height,
    'created_at', i.created_at,
    'updated_at', i.updated_at,
    'deleted_at', i.deleted_at,
    'annotations', coalesce(a.list, '[]'),
    'slices', coalesce(slices.list, '[]'),
    'annotations_search', json_build_object(
      'count', coalesce(a.count, 0),
      'class_count', coalesce(classes.counts, '{}'),
      'type_count', coalesce(types.counts, '{}')
    )
  )::text as document
from image i
left join lateral (
  select
    count(*) as count,
    json_agg(
      json_build_object(
        'id', id,
        'annotation_class', annotation_class,
        'annotation_type', annotation_type,
        'metadata', metadata
      )
      order by created_at, id
    ) as list
  from annotation
  where image_id = i.id and deleted_at is null
) a on true
left join lateral (
  select json_object_agg(annotation_class, n) as counts
  from (
    select annotation_class, count(*) as n from annotation
    where image_id = i.id and deleted_at is null
    group by annotation_class
  ) c
) classes on true
left join lateral (
  select json_object_agg(annotation_type, n) as counts
  from (
    select annotation_type, count(*) as n from annotation
    where image_id = i.id and deleted_at is null
    group by annotation_type
  ) t
) types on true
left join lateral (
  -- a link to a slice that is not there shows nulls; a slice that is only marked as deleted keeps its name: the application
  -- takes its links away in the same transaction
  select
    json_agg(json_build_object('slice_id', s.id, 'slice_name', s.name) order by l.added_at, l.slice_id) as list
  from slice_image l
  left join slice s on s.id = l.slice_id
  where l.image_id = i.id
) slices on true

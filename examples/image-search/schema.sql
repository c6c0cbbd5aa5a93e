-- Tables of a team that labels images. Nothing here knows of Headrace.
create table image (
  id         bigint primary key,
  key        text not null,
  dataset_id bigint not null,
  width      int not null,
  height     int not null,
  metadata   jsonb not null default '{}',
  attributes jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

-- No foreign key: an annotation may come before its image, and may stay without one.
create table annotation (
  id               bigint primary key,
  image_id         bigint,
  annotation_class text not null,
  annotation_type  text not null,
  metadata         jsonb not null default '{}',
  created_at       timestamptz not null default now(),
  deleted_at       timestamptz
);

create index annotation_image on annotation (image_id);

-- Random histories need what foreign keys refuse: annotations before their image, or of an image that never comes, links to
-- nothing. A stream may bring all of that (tables that are loaded one after the other, sources without foreign keys).
do $$
declare
  foreign_key record;
begin
  for foreign_key in
    select conrelid::regclass as of_table, conname from pg_constraint where contype = 'f'
  loop
    execute format('alter table %s drop constraint %I', foreign_key.of_table, foreign_key.conname);
  end loop;
end
$$;

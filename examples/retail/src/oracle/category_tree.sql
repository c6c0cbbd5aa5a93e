-- Written by hand, on purpose not made from the view: what each document of category_tree must be.
select
  c.category_code as key,
  json_build_object(
    'category_code', c.category_code, 'title', c.title, 'sort_position', c.sort_position,
    'parent_title', parent.title, 'grandparent_code', parent.parent_code,
    'children', coalesce((
      select json_agg(json_build_object(
        'category_code', d.category_code, 'title', d.title,
        'products', coalesce((
          select json_agg(json_build_object('product_uid', p.product_uid, 'title', p.product_title, 'price', p.price)
            order by p.price desc, p.product_uid)
          from (
            select * from retail.product p
            where p.category_code = d.category_code and p.discontinued_at is null
            order by p.price desc, p.product_uid limit 5
          ) p
        ), '[]')
      ) order by d.sort_position, d.title collate "C", d.category_code collate "C")
      from retail.category d where d.parent_code = c.category_code
    ), '[]'),
    'products', coalesce((
      select json_agg(json_build_object('product_uid', p.product_uid, 'title', p.product_title, 'weight_kg', p.weight_kg)
        order by p.weight_kg, p.product_title collate "C", p.product_uid)
      from retail.product p where p.category_code = c.category_code and p.weight_kg is not null
    ), '[]'),
    'child_count', (select count(*) from retail.category d where d.parent_code = c.category_code),
    'product_count', (
      select count(*) from retail.product p where p.category_code = c.category_code and p.weight_kg is not null
    ),
    'heaviest', (select max(weight_kg) from retail.product p where p.category_code = c.category_code)
  )::text as document
from retail.category c
left join retail.category parent on parent.category_code = c.parent_code

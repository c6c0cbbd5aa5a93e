-- Written by hand, on purpose not made from the view: what each document of product_catalog must be.
select
  p.product_uid::text as key,
  json_build_object(
    'product_uid', p.product_uid, 'title', p.product_title, 'price', p.price, 'weight_kg', p.weight_kg,
    'released_on', p.released_on, 'discontinued_at', p.discontinued_at, 'measures', p.measures,
    'attributes', p.attributes,
    'category', (
      select json_build_object('category_code', c.category_code, 'title', c.title, 'parent_code', c.parent_code)
      from retail.category c where c.category_code = p.category_code
    ),
    'tariff', (select json_build_object('rate', f.rate, 'label', f.label) from retail.tariff f where f.rate = p.tariff_rate),
    'tags', coalesce((
      select json_agg(json_build_object(
        'weight', x.weight, 'added_at', x.added_at, 'tag', t.label, 'colour', t.colour,
        'added_by', case when e.employee_no is not null
          then json_build_object('employee_no', e.employee_no, 'full_name', e.full_name) end
      ) order by x.weight desc, x.product_uid, x.tag_id)
      from retail.product_tag x
      left join retail.tag t on t.tag_id = x.tag_id
      left join retail.employee e on e.employee_no = x.added_by
      where x.product_uid = p.product_uid
    ), '[]'),
    'sold', case when (select count(*) from retail.order_line l where l.product_uid = p.product_uid) > 3 then '[]' else
      coalesce((
        select json_agg(json_build_object('shop_code', l.shop_code, 'order_no', l.order_no, 'line_no', l.line_no, 'quantity', l.quantity)
          order by l.quantity desc, l.unit_price, l.shop_code collate "C", l.order_no, l.line_no)
        from retail.order_line l where l.product_uid = p.product_uid
      ), '[]') end,
    'sales', (
      select json_build_object(
        'lines', count(*), 'quantity', sum(l.quantity), 'lowest', min(l.unit_price),
        'shops', coalesce((
          select json_object_agg(shop_code, n) from (
            select l.shop_code, count(*) as n from retail.order_line l where l.product_uid = p.product_uid group by 1
          ) s
        ), '{}')
      )
      from retail.order_line l where l.product_uid = p.product_uid
    ),
    'tag_count', (select count(*) from retail.product_tag x where x.product_uid = p.product_uid),
    'taggers', (select count(distinct added_by) from retail.product_tag x where x.product_uid = p.product_uid)
  )::text as document
from retail.product p

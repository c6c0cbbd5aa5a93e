-- Written by hand, on purpose not made from the view: what each document of tariff_products must be.
select
  trim_scale(f.rate)::text as key,
  json_build_object(
    'rate', f.rate, 'label', f.label, 'rebate', f.rebate,
    'products', coalesce((
      select json_agg(json_build_object('product_uid', p.product_uid, 'title', p.product_title)
        order by p.price, p.product_title collate "C" desc, p.product_uid)
      from (
        select * from retail.product p where p.tariff_rate = f.rate
        order by p.price, p.product_title collate "C" desc, p.product_uid limit 10
      ) p
    ), '[]'),
    'products_search', (
      select json_build_object('count', count(*), 'measured', count(distinct p.released_on), 'dearest', max(p.price))
      from retail.product p where p.tariff_rate = f.rate
    )
  )::text as document
from retail.tariff f

-- Written by hand, on purpose not made from the view: what each document of customer_orders must be.
select
  to_json(array[c.region_code, c.customer_no::text])::text as key,
  json_build_object(
    'region_code', c.region_code, 'customer_no', c.customer_no, 'email', c.email, 'tier', c.tier,
    'credit_limit', c.credit_limit, 'active', c.active, 'joined_at', c.joined_at, 'preferences', c.preferences,
    'manager', (
      select json_build_object('no', e.employee_no, 'name', e.full_name)
      from retail.employee e where e.employee_no = c.account_manager
    ),
    'orders', coalesce((
      select json_agg(o.document order by o.placed_at desc nulls last, o.currency collate "C", o.shop_code collate "C", o.order_no)
      from (
        select o.placed_at, o.currency, o.shop_code, o.order_no, json_build_object(
          'shop_code', o.shop_code, 'order_no', o.order_no, 'status', o.status, 'placed_at', o.placed_at,
          'currency', o.currency, 'total', o.total,
          'lines', coalesce((
            select json_agg(json_build_object(
              'line_no', l.line_no, 'quantity', l.quantity, 'unit_price', l.unit_price, 'discount', l.discount,
              'gift_note', l.gift_note,
              'product_title', (select product_title from retail.product p where p.product_uid = l.product_uid),
              'list_price', (select price from retail.product p where p.product_uid = l.product_uid),
              'events', coalesce((
                select json_agg(json_build_object('kind', s.kind, 'happened_at', s.happened_at, 'place', s.place)
                  order by s.kind, s.happened_at, s.event_id)
                from retail.shipment_event s
                where s.shop_code = l.shop_code and s.order_no = l.order_no and s.line_no = l.line_no
              ), '[]')
            ) order by l.line_no)
            from retail.order_line l
            where l.shop_code = o.shop_code and l.order_no = o.order_no
          ), '[]')
        ) as document
        from retail."order" o
        where o.customer_region = c.region_code and o.customer_no = c.customer_no
          and o.status in ('placed', 'paid', 'shipped')
        order by o.placed_at desc nulls last, o.currency collate "C", o.shop_code collate "C", o.order_no
        limit 20
      ) o
    ), '[]'),
    'spent', (
      select json_build_object(
        'orders', count(*),
        'by_status', coalesce((
          select json_object_agg(status, n) from (
            select o.status, count(*) as n from retail."order" o
            where o.customer_region = c.region_code and o.customer_no = c.customer_no
              and o.status in ('placed', 'paid', 'shipped')
            group by o.status
          ) s
        ), '{}'),
        'total', sum(o.total),
        'largest', max(o.total),
        'first_at', min(o.placed_at),
        'currencies', count(distinct o.currency)
      )
      from retail."order" o
      where o.customer_region = c.region_code and o.customer_no = c.customer_no
        and o.status in ('placed', 'paid', 'shipped')
    )
  )::text as document
from retail.customer c

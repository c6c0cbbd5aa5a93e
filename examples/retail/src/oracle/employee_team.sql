-- Written by hand, on purpose not made from the view: what each document of employee_team must be.
select
  e.employee_no::text as key,
  json_build_object(
    'employee_no', e.employee_no, 'full_name', e.full_name, 'hired_on', e.hired_on, 'salary', e.salary,
    'manager', (
      select json_build_object('employee_no', m.employee_no, 'full_name', m.full_name)
      from retail.employee m where m.employee_no = e.manager_no
    ),
    'reports', coalesce((
      select json_agg(json_build_object(
        'employee_no', r.employee_no, 'full_name', r.full_name,
        'customers', coalesce((
          select json_agg(json_build_object('region_code', c.region_code, 'customer_no', c.customer_no, 'tier', c.tier)
            order by c.tier desc, c.email collate "C", c.region_code collate "C", c.customer_no)
          from retail.customer c where c.account_manager = r.employee_no
        ), '[]')
      ) order by r.hired_on desc, r.full_name collate "C", r.employee_no)
      from retail.employee r where r.manager_no = e.employee_no
    ), '[]'),
    'team', (
      select json_build_object('size', count(*), 'salaries', sum(salary), 'oldest', min(hired_on))
      from retail.employee r where r.manager_no = e.employee_no
    )
  )::text as document
from retail.employee e

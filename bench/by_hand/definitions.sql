-- What the foreign keys of runs and the nodes of steps ask for: both sides have it before they begin.
insert into mainstem.organization (org_id, name, created_at)
select org_id, name, coalesce(created_at, now()) from public.organization where org_id = 'a1de0000-0000-4000-8000-000000000001';
insert into mainstem.app_user (user_id, org_id, email, created_at)
select user_id, org_id, email, coalesce(created_at, now()) from public.app_user where user_id = '123e4567-e89b-12d3-a456-426614174001';
insert into mainstem.user_workflow (workflow_id, org_id, name, description, created_at)
select workflow_id, org_id, name, description, coalesce(created_at, now()) from public.user_workflow where workflow_id = '123e4567-e89b-12d3-a456-426614174000';
insert into mainstem.user_workflow_node (org_id, workflow_id, node_id, label, description, created_at)
select w.org_id, n.workflow_id, n.node_id, n.label, n.description, coalesce(n.created_at, now())
  from public.user_workflow_node n join public.user_workflow w using (workflow_id) where w.workflow_id = '123e4567-e89b-12d3-a456-426614174000';

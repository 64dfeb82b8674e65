create or replace function mainstem.create_organization(name text, org_id uuid default gen_random_uuid()) returns uuid
language plpgsql
as $$
#variable_conflict use_column
begin
  insert into mainstem.organization (org_id, name) values (create_organization.org_id, create_organization.name);
  insert into mainstem.user_workflow_channel (org_id, channel, description)
  values (create_organization.org_id, 'web', 'Forms and APIs'),
         (create_organization.org_id, 'voice', 'Calls'),
         (create_organization.org_id, 'efax', 'Faxes');
  return create_organization.org_id;
end $$;
comment on function mainstem.create_organization(text, uuid) is 'A new tenant with the channels web, voice and efax. Under the role mainstem_app only for the id that is set.';

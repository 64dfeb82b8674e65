-- Who has one tenant never names it: this organization exists after installation.
insert into mainstem.organization (org_id, name) values ('00000000-0000-7000-8000-000000000001', 'default') on conflict do nothing;
insert into mainstem.user_workflow_channel (org_id, channel, description)
values ('00000000-0000-7000-8000-000000000001', 'web', 'Forms and APIs'),
       ('00000000-0000-7000-8000-000000000001', 'voice', 'Calls'),
       ('00000000-0000-7000-8000-000000000001', 'efax', 'Faxes')
on conflict do nothing;
-- Leaves from last month to four weeks ahead.
select mainstem.ensure_workflow_leaf(mainstem.clock() + n * interval '2 weeks') from generate_series(-2, 2) n;

-- Alembic makes this table itself when the migrations begin from nothing.
comment on table mainstem.alembic_version is 'Which migration the tables are at: Alembic''s.';

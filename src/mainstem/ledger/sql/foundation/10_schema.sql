create schema mainstem authorization mainstem_owner;
comment on schema mainstem is 'mainstem: one ledger of workflow runs and their steps';
grant usage on schema mainstem to mainstem_app, mainstem_worker, mainstem_search, mainstem_reader, mainstem_tenant;

create or replace function mainstem.clock() returns timestamptz
language sql volatile parallel safe
return clock_timestamp();
comment on function mainstem.clock() is 'The only clock: the database''s own, moving within a transaction. No client sends a time.';

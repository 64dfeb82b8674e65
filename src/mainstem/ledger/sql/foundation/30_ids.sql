-- What CHECKs and partition bounds stand on, hence before the tables. One expression each and no SET clause:
-- the planner inlines them and prunes by their result.
create or replace function mainstem.run_of(step_id uuid) returns uuid
language sql immutable strict parallel safe
return encode(overlay(uuid_send(step_id) placing '\x000000'::bytea from 14), 'hex')::uuid;
comment on function mainstem.run_of(uuid) is 'The run that a step''s id (or a run''s own) belongs to: its last 24 bits cleared.';

create or replace function mainstem.step_id(run_id uuid, step_number integer) returns uuid
language sql immutable strict parallel safe
return encode(overlay(uuid_send(run_id) placing substring(int4send(step_number) from 2) from 14), 'hex')::uuid;
comment on function mainstem.step_id(uuid, integer) is 'The id of a run''s step: the run''s id with the number (1 to 16777215) in its last 24 bits.';

create or replace function mainstem.step_number_of(step_id uuid) returns integer
language sql immutable strict parallel safe
return ('x00' || right(step_id::text, 6))::bit(32)::integer;
comment on function mainstem.step_number_of(uuid) is 'The step''s number in its id; 0 for a run''s id.';

create or replace function mainstem.first_id_at(at timestamptz) returns uuid
language sql immutable strict parallel safe
return encode(
  substring(int8send(least(greatest(floor(extract(epoch from at) * 1000), 0), 281474976710655)::bigint) from 3)
  || '\x00000000000000000000'::bytea, 'hex')::uuid;
comment on function mainstem.first_id_at(timestamptz) is 'The lower bound of all ids minted at this millisecond or later: a bound of partitions and of time ranges. Times before 1970 give the first id, those after 10889 the last.';

create or replace function mainstem.new_run_id(at timestamptz default clock_timestamp()) returns uuid
language sql volatile parallel safe
return encode(
  set_bit(set_bit(  -- bits 52 and 53 turn gen_random_uuid's version 4 into a 7
    overlay(
      overlay(uuid_send(gen_random_uuid()) placing substring(uuid_send(mainstem.first_id_at(at)) for 6) from 1)
      placing '\x000000'::bytea from 14),
    52, 1), 53, 1),
  'hex')::uuid;
comment on function mainstem.new_run_id(timestamptz) is 'A new run id of this time: UUIDv7 (RFC 9562 section 5.7) with its last 24 bits zero.';

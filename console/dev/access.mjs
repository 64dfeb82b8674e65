import { chance, uuid } from "./chance.mjs";

const random = chance(11);
const START = Date.now();
const ago = (seconds) => new Date(START - seconds * 1000).toISOString();
const DAY = 86_400;
const key = (name, role, born, more = {}) => ({ key_id: uuid(random, START - born * 1000), name, prefix: `ms_${["Ab3dEf9h", "Qx72Lm0a", "Zk19Vb5t", "Hn48Rc6w", "Td60Jp2s"][made++ % 5]}`, role, user_id: null, created_at: ago(born), expires_at: null, last_used_at: null, revoked_at: null, ...more });
let made = 0;

export const KEYS = [
  key("deploy pipeline", "operator", 3 * DAY, { last_used_at: ago(40), expires_at: ago(-87 * DAY) }),
  key("dashboard", "viewer", 12 * DAY, { last_used_at: ago(7) }),
  key("on call", "admin", 30 * DAY, { last_used_at: ago(5 * 3600) }),
  key("trial of the importer", "operator", 40 * DAY, { expires_at: ago(10 * DAY), last_used_at: ago(11 * DAY) }),
  key("old laptop", "admin", 200 * DAY, { revoked_at: ago(90 * DAY), last_used_at: ago(91 * DAY) }),
];

export function makeKey({ name, role, days }) {
  const fresh = key(name, role, 0, days ? { expires_at: ago(-days * DAY) } : {});
  KEYS.unshift(fresh);
  return { ...fresh, key: `${fresh.prefix}_0123456789abcdefghijklmnopqrstuvXy12Zw` };
}

export function revokeKey(id) {
  const found = KEYS.find((one) => one.key_id === id);
  if (found) found.revoked_at ??= new Date().toISOString();
  return found;
}

export const ME = { org_id: "00000000-0000-7000-8000-000000000001", role: "admin", name: "anyone", key_id: null, user_id: null };

const ACTS = [
  ["runs.retry", (id) => [id, {}]],
  ["configs.activate", (id) => [id, {}]],
  ["runs.signal", (id) => [id, { name: "approval" }]],
  ["runs.cancel", (id) => [id, { reason: "sent twice" }]],
  ["keys.create", (id) => [id, { name: "deploy pipeline", role: "operator", days: 90, prefix: "ms_Ab3dEf9h" }]],
  ["configs.create", (id) => [id, { channel: "voice", name: "default" }]],
];
const WHO = ["ms_Hn48Rc6w", "ms_Ab3dEf9h", "cli ann@desk-3", "anyone"];

export const CHANGES = Array.from({ length: 132 }, (_, index) => {
  const [action, of] = ACTS[index % ACTS.length];
  const [target, details] = of(uuid(random, START - index * 4_000_000));
  return { audit_id: uuid(random, START - index * 4_000_000), at: ago(index * 4000 + 90), actor: WHO[index % WHO.length], key_id: null, user_id: null, action, target, details, request_id: index % WHO.length === 2 ? null : uuid(random, START).replaceAll("-", "") };
});

export function changesLike(query) {
  return CHANGES.filter((one) => ["action", "target"].every((name) => !query.get(name) || one[name] === query.get(name)));
}

export const MIGRATIONS = [
  { name: "0042_add_claims", target: "postgresql shop at db.example", phase: "applied", updated_at: ago(3 * 3600), has_backup: true, rehearsal: [{ line: 3, milliseconds: 41.5, exclusive: ["public.claim"] }, { line: 9, milliseconds: 880.2, exclusive: [] }, { line: 14, milliseconds: 12.1, exclusive: ["public.claim", "public.patient"] }], held: { "public.claim": 54.2, "public.patient": 12.3 } },
  { name: "0043_split_address", target: "postgresql shop at db.example", phase: "rehearsed", updated_at: ago(900), has_backup: true, rehearsal: [{ line: 1, milliseconds: 2210.4, exclusive: ["public.patient"] }], held: { "public.patient": 2214.9 } },
  { name: "006_add_scoring_version", target: "sqlite history.db", phase: "backed up", updated_at: ago(120), has_backup: true, rehearsal: [], held: {} },
];

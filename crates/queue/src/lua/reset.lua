-- Empties the queue: everything that it holds can be lost, and an entry that apalis cannot read ends every worker that meets it.
-- KEYS: active, scheduled, data, prefix of metadata, done, dead, failed, signal, workers, prefix of the sets of work in hand.
local in_hand = redis.pcall('ZRANGE', KEYS[9], 0, -1)
if not in_hand.err then
    for _, worker in ipairs(in_hand) do
        redis.call('DEL', KEYS[10] .. ':' .. worker)
    end
end
local known = redis.pcall('HKEYS', KEYS[3])
if not known.err then
    for _, id in ipairs(known) do
        redis.call('DEL', KEYS[4] .. ':' .. id)
    end
end
for i = 1, 9 do
    redis.call('DEL', KEYS[i])
end
return 1

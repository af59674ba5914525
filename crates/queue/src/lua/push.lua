-- Puts wakes on the list of work that is due, as long as there is room, in the form that apalis' own push gives a task.
-- KEYS: active list, scheduled set, data hash, prefix of the metadata. ARGV: most entries, then (id, wake as JSON) …
-- Answers how many were taken.
local room = tonumber(ARGV[1]) - redis.call('LLEN', KEYS[1]) - redis.call('ZCARD', KEYS[2])
local taken = 0
for i = 2, #ARGV, 2 do
    if taken >= room then
        break
    end
    redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
    redis.call('HSET', KEYS[4] .. ':' .. ARGV[i],
        'attempts', 0, 'max_attempts', 1, 'status', 'Pending', 'idempotency_key', '')
    redis.call('RPUSH', KEYS[1], ARGV[i])
    taken = taken + 1
end
return taken

-- Forgets finished wakes, a bounded number at a time, and lets this worker's metadata expire.
-- KEYS: done set, dead set, data hash, prefix of the metadata, this worker's metadata. ARGV: most entries per set, seconds.
-- Answers how many were forgotten.
redis.call('EXPIRE', KEYS[5], ARGV[2])
local forgotten = 0
for i = 1, 2 do
    for _, id in ipairs(redis.call('SPOP', KEYS[i], ARGV[1])) do
        redis.call('HDEL', KEYS[3], id)
        redis.call('DEL', KEYS[4] .. ':' .. id)
        forgotten = forgotten + 1
    end
end
return forgotten

-- Counts calls of several callers by this server's clock, as gcra.rs says, and tells under which tags records of their keys may be kept.
--
-- KEYS: for each caller the state of its limit, and the tag of its key or ''.
-- ARGV: a tag that never was, for keys that have none; then for each caller interval and burst in microseconds, and its calls.
-- Answers with the time and, for each caller, how many of the calls passed, when the whole limit is there again, and the tag.
-- Refused calls write nothing. What is kept of a caller goes when it is worth nothing any more.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answers = {}
for caller = 1, #KEYS / 2 do
  local state, tagged = KEYS[2 * caller - 1], KEYS[2 * caller]
  local interval, burst, calls = tonumber(ARGV[3 * caller - 1]), tonumber(ARGV[3 * caller]), tonumber(ARGV[3 * caller + 1])
  local full_at = math.max(tonumber(redis.call('GET', state) or '') or now, now)
  if full_at - now > 2 * burst then
    full_at = now + burst
  end
  local admitted = math.min(calls, math.floor(math.max(burst - (full_at - now), 0) / interval))
  if admitted > 0 then
    full_at = full_at + admitted * interval
    redis.call('SET', state, string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1000)
  end
  local tag = ''
  if tagged ~= '' then
    tag = redis.call('GET', tagged)
    if not tag then
      tag = ARGV[1]
      redis.call('SET', tagged, tag, 'EX', 3600)
    end
  end
  answers[caller] = {admitted, full_at, tag}
end
return {now, answers}

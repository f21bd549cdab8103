-- What sessions in Redis are made of, and every step on them. Redis runs a script alone: each step happens whole.
-- The first argument names the step, the others are its own; numbers of sessions stay texts, since a number of Lua's
-- has 53 bits. All times are microseconds by the clock of Redis, so nodes need not agree on theirs.
--
--   toolcrib:session:<number>   hash: key, user, idle, absolute, reason (once it has ended), seq,
--                               f:<field> = JSON, d:<token> = in doubt, w:<key hash>:user and :entry = a sign-in's
--   toolcrib:key:<key hash>     the number of the session that the browser with this key has
--   toolcrib:user:<user>        set: the numbers of the sessions of a user, those being signed in included
--   toolcrib:open               sorted set: number by when its time is over, if nobody comes
--   toolcrib:ended              sorted set: number by when somebody may claim to tell its end
--   toolcrib:doubts             sorted set: "<number> <token>" by when the doubt ends the session
--   toolcrib:seq                counts the changes of users
--
-- Needs Redis 6.2 or later (SET with PXAT).

-- Should nobody ever tell or remove something, Redis does after this long: seven days, in milliseconds.
local KEPT = 604800000

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- A number as digits alone; Lua would write 1.7e+15.
local function digits(number)
  return string.format('%.0f', number)
end

local function at(id)
  return 'toolcrib:session:' .. id
end

-- When Redis itself throws the session away, in milliseconds.
local function expires(absolute)
  return digits(math.floor(absolute / 1000) + KEPT)
end

local function of_user(user)
  return 'toolcrib:user:' .. user
end

local function get(id, name)
  return redis.call('HGET', at(id), name)
end

-- Whether a session goes on. One that Redis has thrown away is as good as ended.
local function is_open(id)
  return redis.call('ZSCORE', 'toolcrib:open', id) and get(id, 'key')
end

local function prolong(id, idle)
  redis.call('HSET', at(id), 'idle', digits(idle))
  redis.call('ZADD', 'toolcrib:open', digits(math.min(idle, tonumber(get(id, 'absolute')))), id)
end

-- The changes of a unit, from this argument on: name, '1' and a value, or name, '0' and nothing.
local function change(id, from)
  for i = from, #ARGV, 3 do
    if ARGV[i + 1] == '1' then
      redis.call('HSET', at(id), 'f:' .. ARGV[i], ARGV[i + 2])
    else
      redis.call('HDEL', at(id), 'f:' .. ARGV[i])
    end
  end
end

-- Calls `found(key hash, user)` for every sign-in that is prepared in a session.
local function each_sign_in(id, found)
  for _, name in ipairs(redis.call('HKEYS', at(id))) do
    local hash = string.match(name, '^w:(.+):user$')
    if hash then
      found(hash, get(id, name))
    end
  end
end

local function leave(id)
  local key, user = get(id, 'key'), get(id, 'user')
  if key then
    redis.call('DEL', 'toolcrib:key:' .. key)
  end
  if user then
    redis.call('SREM', of_user(user), id)
  end
  each_sign_in(id, function(hash, other)
    redis.call('SREM', of_user(other), id)
    redis.call('HDEL', at(id), 'w:' .. hash .. ':user', 'w:' .. hash .. ':entry')
  end)
  redis.call('ZREM', 'toolcrib:open', id)
end

-- Ends a session; its fields stay until the end is told. Whoever comes second changes nothing.
local function finish(id, reason)
  if not redis.call('ZSCORE', 'toolcrib:open', id) then
    return 0
  end
  leave(id)
  redis.call('HDEL', at(id), 'key')
  redis.call('HSET', at(id), 'reason', reason)
  redis.call('PEXPIRE', at(id), KEPT)
  redis.call('ZADD', 'toolcrib:ended', digits(now()), id)
  return 1
end

local function doubt(id, token, lapses)
  redis.call('HSET', at(id), 'd:' .. token, '1')
  redis.call('ZADD', 'toolcrib:doubts', digits(lapses), id .. ' ' .. token)
end

local function trust(id, token)
  redis.call('HDEL', at(id), 'd:' .. token)
  redis.call('ZREM', 'toolcrib:doubts', id .. ' ' .. token)
end

local function open_of(user)
  local found = {}
  for _, id in ipairs(redis.call('SMEMBERS', of_user(user))) do
    if is_open(id) then
      table.insert(found, id)
    else
      redis.call('SREM', of_user(user), id)
    end
  end
  return found
end

-- What a session holds, as {number, in doubt, idle time left, absolute time left, {name, value, …}}.
local function content(id)
  local session, fields, doubtful = redis.call('HGETALL', at(id)), {}, 0
  local entry = {}
  for i = 1, #session, 2 do
    local kind, name = string.match(session[i], '^(.):(.*)$')
    if kind == 'f' then
      table.insert(fields, name)
      table.insert(fields, session[i + 1])
    elseif kind == 'd' then
      doubtful = 1
    else
      entry[session[i]] = session[i + 1]
    end
  end
  local time = now()
  return { id, doubtful, (entry.idle or time) - time, (entry.absolute or time) - time, fields, entry.reason or 'timeout' }
end

local steps = {}

-- key hash
function steps.load()
  local id = redis.call('GET', 'toolcrib:key:' .. ARGV[2])
  return id and is_open(id) and content(id)
end

-- number, user or ''
function steps.check()
  return is_open(ARGV[2]) and (ARGV[3] == '' or get(ARGV[2], 'user') == ARGV[3]) and 1 or 0
end

-- number, idle time-out, changes
function steps.write()
  if not is_open(ARGV[2]) then
    return 0
  end
  change(ARGV[2], 4)
  prolong(ARGV[2], now() + ARGV[3])
  return 1
end

-- number, key hash, user or '', idle time-out, absolute time-out, limit or '', changes
function steps.start()
  local id, hash, user, time = ARGV[2], ARGV[3], ARGV[4], now()
  if ARGV[7] ~= '' and redis.call('ZCOUNT', 'toolcrib:open', '(' .. digits(time), '+inf') >= tonumber(ARGV[7]) then
    return 0
  end
  if redis.call('EXISTS', at(id)) == 1 then
    return redis.error_reply('ERR the number of the session is taken')
  end
  local absolute = time + ARGV[6]
  redis.call('HSET', at(id), 'key', hash, 'absolute', digits(absolute))
  redis.call('PEXPIREAT', at(id), expires(absolute))
  redis.call('SET', 'toolcrib:key:' .. hash, id, 'PXAT', expires(absolute))
  if user ~= '' then
    redis.call('HSET', at(id), 'user', user, 'seq', redis.call('GET', 'toolcrib:seq') or '0')
    redis.call('SADD', of_user(user), id)
  end
  prolong(id, time + ARGV[5])
  change(id, 8)
  return 1
end

-- number: the unit that started it was undone, so it never was.
function steps.erase()
  leave(ARGV[2])
  redis.call('ZREM', 'toolcrib:ended', ARGV[2])
  redis.call('DEL', at(ARGV[2]))
  return 1
end

-- number, key hash to be, user, entry: from here on who ends or changes the user's sessions finds this one.
function steps.prepare_sign_in()
  local id, waiting = ARGV[2], 'w:' .. ARGV[3]
  if not is_open(id) then
    return 0
  end
  redis.call('HSET', at(id), waiting .. ':user', ARGV[4], waiting .. ':entry', ARGV[5])
  redis.call('HSET', at(id), 'seq', redis.call('GET', 'toolcrib:seq') or '0')
  redis.call('SADD', of_user(ARGV[4]), id)
  return 1
end

-- number, key hash to be, name of the user's field, idle time-out, changes
function steps.sign_in()
  local id, hash, waiting = ARGV[2], ARGV[3], 'w:' .. ARGV[3]
  local user = get(id, waiting .. ':user')
  if not user or not is_open(id) then
    return 0
  end
  local entry, before = get(id, waiting .. ':entry'), get(id, 'user')
  change(id, 6)
  -- As it is by now, not as the unit saw it: the user may have been changed since.
  redis.call('HSET', at(id), 'f:' .. ARGV[4], entry, 'user', user)
  redis.call('HDEL', at(id), waiting .. ':user', waiting .. ':entry')
  if before and before ~= user then
    redis.call('SREM', of_user(before), id)
  end
  redis.call('DEL', 'toolcrib:key:' .. get(id, 'key'))
  redis.call('SET', 'toolcrib:key:' .. hash, id, 'PXAT', expires(tonumber(get(id, 'absolute'))))
  redis.call('HSET', at(id), 'key', hash)
  prolong(id, now() + ARGV[5])
  return 1
end

-- number, key hash that was to be
function steps.undo_sign_in()
  local id, waiting = ARGV[2], 'w:' .. ARGV[3]
  local user = get(id, waiting .. ':user')
  if user then
    redis.call('HDEL', at(id), waiting .. ':user', waiting .. ':entry')
    if user ~= get(id, 'user') then
      redis.call('SREM', of_user(user), id)
    end
  end
  return 1
end

-- number, reason
function steps.finish()
  return finish(ARGV[2], ARGV[3])
end

-- number, token, until it lapses: until then nobody reads the session, afterwards it has ended.
function steps.doubt()
  if not is_open(ARGV[2]) then
    return 0
  end
  doubt(ARGV[2], ARGV[3], now() + ARGV[4])
  return 1
end

-- number, token
function steps.trust()
  trust(ARGV[2], ARGV[3])
  return 1
end

-- user, number that is kept: how many sessions of the user there are beside it.
function steps.count_others()
  local others = 0
  for _, id in ipairs(open_of(ARGV[2])) do
    others = others + (id ~= ARGV[3] and 1 or 0)
  end
  return others
end

-- user, number that is kept
function steps.finish_others()
  for _, id in ipairs(open_of(ARGV[2])) do
    if id ~= ARGV[3] then
      finish(id, 'abandoned')
    end
  end
  return 1
end

-- user, token, until it lapses: answers the number of the change.
function steps.doubt_user()
  local lapses = now() + ARGV[4]
  for _, id in ipairs(open_of(ARGV[2])) do
    doubt(id, ARGV[3], lapses)
  end
  return redis.call('INCR', 'toolcrib:seq')
end

-- user, token, number of the change, name of the user's field, entry or '': a later change is not written over.
function steps.refresh_user()
  local user, token, seq, name, entry = ARGV[2], ARGV[3], tonumber(ARGV[4]), 'f:' .. ARGV[5], ARGV[6]
  for _, id in ipairs(open_of(user)) do
    if entry ~= '' and seq > tonumber(get(id, 'seq') or '0') then
      redis.call('HSET', at(id), 'seq', digits(seq))
      if get(id, 'user') == user and get(id, name) then
        redis.call('HSET', at(id), name, entry)
      end
      each_sign_in(id, function(hash, other)
        if other == user then
          redis.call('HSET', at(id), 'w:' .. hash .. ':entry', entry)
        end
      end)
    end
    trust(id, token)
  end
  return 1
end

-- users: which of them have a session.
function steps.signed_in()
  local found = {}
  for i = 2, #ARGV do
    if #open_of(ARGV[i]) > 0 then
      table.insert(found, ARGV[i])
    end
  end
  return found
end

-- name of the user's field, numbers: {number, entry or '', …} of the open ones.
function steps.stored_users()
  local found = {}
  for i = 3, #ARGV do
    if is_open(ARGV[i]) then
      table.insert(found, ARGV[i])
      table.insert(found, get(ARGV[i], 'f:' .. ARGV[2]) or '')
    end
  end
  return found
end

function steps.count()
  return redis.call('ZCOUNT', 'toolcrib:open', '(' .. digits(now()), '+inf')
end

-- idle time-out, then number and for how long nobody was seen since
function steps.touch()
  local time = now()
  for i = 3, #ARGV, 2 do
    local id = ARGV[i]
    local idle = time - ARGV[i + 1] + ARGV[2]
    if is_open(id) and idle > tonumber(get(id, 'idle') or '0') then
      prolong(id, idle)
    end
  end
  return 1
end

-- grace, most at once: ends what timed out and what stayed in doubt; how many were ended.
function steps.sweep()
  local time, ended = now(), 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'toolcrib:open', '-inf', digits(time), 'LIMIT', 0, ARGV[3])) do
    local idle, absolute = get(id, 'idle'), get(id, 'absolute')
    if not idle or not absolute or idle + ARGV[2] <= time or tonumber(absolute) <= time then
      ended = ended + finish(id, 'timeout')
    end
  end
  for _, doubtful in ipairs(redis.call('ZRANGEBYSCORE', 'toolcrib:doubts', '-inf', digits(time), 'LIMIT', 0, ARGV[3])) do
    local id, token = string.match(doubtful, '^(%d+) (.+)$')
    if get(id, 'd:' .. token) then
      ended = ended + finish(id, 'abandoned')
    end
    trust(id, token)
  end
  return ended
end

-- how long the claim holds: an ended session to be told, as for `load`.
function steps.claim()
  local time = now()
  local id = redis.call('ZRANGEBYSCORE', 'toolcrib:ended', '-inf', digits(time), 'LIMIT', 0, 1)[1]
  if not id then
    return false
  end
  redis.call('ZADD', 'toolcrib:ended', digits(time + ARGV[2]), id)
  return content(id)
end

-- number: the claim is given back.
function steps.release()
  if redis.call('ZSCORE', 'toolcrib:ended', ARGV[2]) then
    redis.call('ZADD', 'toolcrib:ended', digits(now()), ARGV[2])
  end
  return 1
end

-- number
function steps.told()
  redis.call('ZREM', 'toolcrib:ended', ARGV[2])
  redis.call('DEL', at(ARGV[2]))
  return 1
end

-- number: whether it goes on or its end is still to be told.
function steps.is_known()
  return (redis.call('ZSCORE', 'toolcrib:open', ARGV[2]) or redis.call('ZSCORE', 'toolcrib:ended', ARGV[2])) and 1 or 0
end

return steps[ARGV[1]]()

-- Posts the files that the list in WRK_FILES names, one after another, and prints the counts of a run as one line of JSON.
local bodies, turn, threads = {}, 0, {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  statuses, promised = {}, 0
  for path in io.lines(os.getenv("WRK_FILES")) do
    local file = assert(io.open(path, "rb"))
    table.insert(bodies, wrk.format("POST", nil, { ["Content-Type"] = "application/octet-stream" }, file:read("*a")))
    file:close()
  end
end

function request()
  turn = turn % #bodies + 1
  return bodies[turn]
end

function response(status, headers)
  statuses[status] = (statuses[status] or 0) + 1
  if status == 503 and headers["Retry-After"] then promised = promised + 1 end
end

function done(summary, latency)
  local total, promised = {}, 0
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("statuses")) do total[status] = (total[status] or 0) + count end
    promised = promised + thread:get("promised")
  end
  local counts = {}
  for status, count in pairs(total) do table.insert(counts, string.format('"%d":%d', status, count)) end
  local errors = summary.errors
  print(string.format('{"seconds":%.3f,"p50":%.1f,"p99":%.1f,"lost":%d,"retryAfter":%d,"statuses":{%s}}',
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.timeout, promised, table.concat(counts, ",")))
end

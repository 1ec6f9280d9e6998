-- Every load that wrk makes. Arguments after "--": nothing = the URL of the command line, again and again;
-- "paths FILE" = each line is a path; the other files are for the URL of the command line: "bodies FILE" = each line is JSON to
-- post; "tokens FILE" = each line is a bearer token; "posts FILE" = each line is a bearer token, a space and JSON to post.
-- Lines are dealt to the threads in turn and used in their order. At the end one line of JSON.
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

local function lines_of(file, first, step)
    local lines, at = {}, 0
    for line in io.lines(file) do
        if at % step == first then
            lines[#lines + 1] = line
        end
        at = at + 1
    end
    return lines
end

local function prepared(kind, line)
    if kind == "paths" then
        return wrk.format("GET", line)
    end
    if kind == "bodies" then
        return wrk.format("POST", nil, { Host = wrk.headers["Host"], ["Content-Type"] = "application/json" }, line)
    end
    if kind == "posts" then
        local token, body = line:match("^(%S+) (.*)$")
        local headers = { Host = wrk.headers["Host"], ["Content-Type"] = "application/json", Authorization = "Bearer " .. token }
        return wrk.format("POST", nil, headers, body)
    end
    return wrk.format("GET", nil, { Host = wrk.headers["Host"], Authorization = "Bearer " .. line })
end

function init(args)
    local kind, file, step = args[1], args[2], tonumber(args[3] or 1)
    if kind == nil then
        return -- without a function request() wrk formats the request once
    end
    local requests, next_one = {}, 0
    for at, line in ipairs(lines_of(file, number, step)) do
        requests[at] = prepared(kind, line)
    end
    request = function()
        next_one = next_one % #requests + 1
        return requests[next_one]
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('{"requests":%d,"us":%d,"errors":%d,"p50_us":%d,"p99_us":%d}\n',
        summary.requests, summary.duration,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end

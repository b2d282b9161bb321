-- SPDX-License-Identifier: Apache-2.0
--
-- What the demo shop is not and its neighbours on a server are: file sync,
-- photos, map tiles, video, podcasts, git, a container registry, a package
-- mirror, a chat, an API and a single-page app. Nothing is kept; a path has
-- always the same size, of the order of the real thing's.

local OK = apache2.OK

-- Between `least` and `most`, always the same for a path.
local function size_of(path, least, most)
    local sum = 7
    for i = 1, #path do
        sum = (sum * 131 + path:byte(i)) % 1000003
    end
    return least + sum % (most - least + 1)
end

local function send(r, status, kind, body)
    r.status = status
    r.content_type = kind
    r:write(body)
    return OK
end

local filler = string.rep("tidewater pottery, thrown by hand; ", 30)

-- Bytes that nobody looks at; with Range as many as were asked for.
local function bytes(r, kind, least, most, age)
    local n, status = size_of(r.uri, least, most), 200
    local from, to = (r.headers_in["Range"] or ""):match("^bytes=(%d+)-(%d*)$")
    if from then
        local wanted = (tonumber(to) or n - 1) - tonumber(from) + 1
        n = math.min(math.max(wanted, 1), n)
        status = 206
    end
    r.headers_out["ETag"] = '"' .. n .. '"'
    r.headers_out["Cache-Control"] = "max-age=" .. (age or 300)
    r.status = status
    r.content_type = kind
    while n > 0 do
        r:write(filler:sub(1, n))
        n = n - #filler
    end
    return OK
end

local function json(r, status, text)
    r.headers_out["Cache-Control"] = "no-store"
    return send(r, status, "application/json", text)
end

local function html(r, title, body)
    if not (r.headers_in["Cookie"] or ""):find("app=", 1, true) then
        r.headers_out["Set-Cookie"] = "app=" .. r:sha1(r:clock() ..
            r.useragent_ip) .. "; Path=/; HttpOnly"
    end
    r.headers_out["Cache-Control"] = "no-cache"
    return send(r, 200, "text/html; charset=utf-8",
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>' ..
        title .. '</title><link rel="icon" href="/icon.svg"><link ' ..
        'rel="stylesheet" href="/base.css"></head><body>' .. body ..
        "</body></html>")
end

-- ---- pages ----------------------------------------------------------------

-- ?n=60 thumbnails, loaded as they scroll into view
local function photos(r)
    local args, out = r:parseargs(), {}
    local page = tonumber(args.page or "") or 1
    for i = 1, math.min(tonumber(args.n or "") or 60, 600) do
        out[i] = string.format('<img src="/photos/thumb/%d-%d.webp" ' ..
            'width="180" height="135" alt="" loading="lazy">', page, i)
    end
    return html(r, "Photos", "<h1>Photos</h1><a href=\"/photos?page=" ..
        page + 1 .. '">More</a><p>' .. table.concat(out) .. "</p>")
end

-- A panel that asks ?hz=2 times a second.
local function board(r)
    local hz = tonumber(r:parseargs().hz or "") or 1
    return html(r, "Board", "<h1>Kiln board</h1><output></output><script>" ..
        'setInterval(async () => { const a = await fetch("/api/kiln"); ' ..
        'document.querySelector("output").value = (await a.json()).celsius; }, '
        .. math.floor(1000 / hz) .. ")</script>")
end

-- An app that fetches at once whatever one might look at next.
local function spa(r)
    return html(r, "App", [[<h1>App</h1><output></output><script>
(async () => {
  const list = await (await fetch("/rest/items?limit=60")).json();
  const all = await Promise.all(list.map((id) => fetch("/rest/items/" + id)));
  document.querySelector("output").value = all.length;
})();</script>]])
end

-- ---- programs -------------------------------------------------------------

local function dav(r)
    r:parsebody(65536)
    if r.method == "PROPFIND" or r.method == "REPORT" then
        local out = { '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">' }
        for i = 1, size_of(r.uri, 1, 12) do
            out[#out + 1] = "<d:response><d:href>" .. r:escape_html(r.uri) ..
                i .. "</d:href><d:propstat><d:prop><d:getetag>" .. i ..
                "</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status>" ..
                "</d:propstat></d:response>"
        end
        out[#out + 1] = "</d:multistatus>"
        return send(r, 207, "application/xml; charset=utf-8",
            table.concat(out))
    end
    if r.method == "PUT" or r.method == "MKCOL" then
        return send(r, 201, "text/plain", "")
    end
    if r.method == "DELETE" then
        r.status = 204
        return OK
    end
    return bytes(r, "application/octet-stream", 2000, 90000)
end

local function rest(r)
    if r.method ~= "GET" and r.method ~= "HEAD" then
        r:parsebody(65536)
        return json(r, r.method == "POST" and 201 or 200, '{"ok":true}')
    end
    local key = r.headers_in["Authorization"] or ""
    if r.uri:find("^/rest/private") and not key:find("kiln", 1, true) then
        return json(r, 401, '{"error":"no such key"}')
    end
    local limit = tonumber(r:parseargs().limit or "")
    if limit then
        local out = {}
        for i = 1, math.min(limit, 200) do
            out[i] = i
        end
        return json(r, 200, "[" .. table.concat(out, ",") .. "]")
    end
    return json(r, 200, '{"path":"' .. r.uri:gsub('["\\%c]', "") .. '","text":"'
        .. filler:sub(1, size_of(r.uri, 40, 900)) .. '"}')
end

local function chat(r)
    if r.uri:find("^/chat/poll") then
        r.usleep(size_of(r.uri .. os.time(), 800000, 3000000))
    elseif r.method == "POST" then
        r:parsebody(65536)
    end
    return json(r, 200, '{"messages":[],"seq":' .. os.time() .. "}")
end

local function git(r)
    if r.method == "POST" then
        r:parsebody(262144)
        return bytes(r, "application/x-git-upload-pack-result", 20000, 400000)
    end
    return bytes(r, "application/x-git-upload-pack-advertisement", 800, 4000)
end

local function playlist(r)
    local out, first = { "#EXTM3U", "#EXT-X-TARGETDURATION:4" }, os.time() // 4
    out[#out + 1] = "#EXT-X-MEDIA-SEQUENCE:" .. first
    for i = first, first + 5 do
        out[#out + 1] = "#EXTINF:4,\n" .. i .. ".ts"
    end
    return send(r, 200, "application/vnd.apple.mpegurl",
        table.concat(out, "\n") .. "\n")
end

-- A handler that answers with bytes().
local function blob(...)
    local args = { ... }
    return function(r)
        return bytes(r, table.unpack(args))
    end
end

local anything = "application/octet-stream"

-- First match serves; patterns are Lua's.
local routes = {
    { "^/photos$", photos },
    { "^/photos/thumb/", blob("image/webp", 2000, 9000) },
    { "^/board$", board },
    { "^/spa$", spa },
    { "^/dav/", dav },
    { "^/rest/", rest },
    { "^/chat/", chat },
    { "^/tiles/%d+/%d+/%d+%.png$", blob("image/png", 400, 24000, 86400) },
    { "^/live/.*%.m3u8$", playlist },
    { "^/live/.*%.ts$", blob("video/mp2t", 60000, 160000) },
    { "^/dash/.*%.mpd$", blob("application/dash+xml", 900, 2000) },
    { "^/dash/.*%.m4s$", blob("video/iso.segment", 40000, 120000) },
    { "^/podcast/.*%.mp3$", blob("audio/mpeg", 400000, 900000) },
    { "^/podcast/feed$", blob("application/rss+xml", 9000, 30000, 60) },
    { "^/git/[%w-]+%.git/", git },
    { "^/v2/", blob(anything, 1000, 300000) },
    { "^/debian/", blob(anything, 5000, 200000) },
}

function handle(r)
    for _, route in ipairs(routes) do
        if r.uri:find(route[1]) then
            return route[2](r)
        end
    end
    return send(r, 404, "text/plain", "There is no such thing.\n")
end

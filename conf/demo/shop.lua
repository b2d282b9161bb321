-- SPDX-License-Identifier: Apache-2.0
--
-- Tidewater Pottery, the web shop that `make run` puts behind the gate. It
-- keeps nothing on the server: a visitor's basket is in a cookie.

local goods = require "goods"

local OK, SEE_OTHER, NOT_MODIFIED = apache2.OK, 303, 304
local UNAUTHORIZED, NOT_FOUND, BAD_METHOD = 401, 404, 405

-- ---- pages --------------------------------------------------------------

local layout = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title · Tidewater Pottery</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="icon" href="/icon-32.png" sizes="32x32">
<link rel="apple-touch-icon" href="/icon-180.png">
<link rel="manifest" href="/site.webmanifest">
<link rel="alternate" href="/feed.xml" type="application/atom+xml">
<link rel="stylesheet" href="/base.css">
<link rel="stylesheet" href="/shop.css">
<script src="/shop.js" defer></script>
<script src="/live.js" defer></script>
</head>
<body>
<header>
  <a class="brand" href="/"><img src="/icon.svg" alt="" width="34" height="34">
    Tidewater Pottery</a>
  <nav><a href="/list">Shop</a><a href="/gallery">Glazes</a>
    <a href="/firing">Firing</a><a href="/about">About</a>
    <a href="/contact">Contact</a><a href="/login">Sign in</a></nav>
  <form class="search" action="/search" role="search">
    <input name="q" type="search" value="$query" placeholder="Search"
      aria-label="Search" autocomplete="off" list="suggestions">
    <datalist id="suggestions"></datalist></form>
  <a class="basket" href="/cart">Basket <b>$basket</b></a>
</header>
<main>
$body
</main>
<footer>Thrown, glazed and fired on the quay.
  <span>Kiln now: <b data-kiln>–</b></span></footer>
</body>
</html>
]]

-- Fill in each $name; values are HTML already.
local function fill(template, values)
    return (template:gsub("%$(%l+)", values))
end

local function basket_of(r)
    local basket, count = {}, 0
    for slug, n in (r:getcookie("basket") or ""):gmatch("([%l-]+)%.(%d%d?)") do
        if goods.by_slug[slug] then
            basket[slug] = tonumber(n)
            count = count + basket[slug]
        end
    end
    return basket, count
end

local function page(r, title, body, query)
    local _, count = basket_of(r)
    r.content_type = "text/html; charset=utf-8"
    r.headers_out["Cache-Control"] = "no-cache"
    if not r:getcookie("session") then
        local seed = r:clock() .. r.useragent_ip .. math.random()
        r:setcookie { key = "session", value = r:sha1(seed), path = "/",
            httponly = true }
    end
    r:write(fill(layout, { title = title, body = body, basket = count,
        query = r:escape_html(query or "") }))
    return OK
end

local function json(r, text)
    r.content_type = "application/json"
    r.headers_out["Cache-Control"] = "no-store"
    r:write(text)
    return OK
end

local function go(r, where)
    r.headers_out["Location"] = where
    r.status = SEE_OTHER
    return OK
end

local card = [[
<a class="card" href="/product/$slug"><img src="/img/$slug.svg" width="200"
  height="200" alt="$name in $glaze" loading="lazy"><h3>$name</h3>
  <p>$glaze</p><b>€ $price</b> <small data-stock="$slug"></small></a>
]]

local function cards(items)
    local out = {}
    for i, item in ipairs(items) do
        out[i] = fill(card, item)
    end
    return '<div class="cards">' .. table.concat(out) .. "</div>"
end

local get, post = {}, {}

get["/"] = function(r)
    local some = {}
    for i = 1, #goods.list, 2 do
        some[#some + 1] = goods.list[i]
    end
    return page(r, "Home", [[
<section class="hero"><h1>Pots for every&nbsp;day</h1>
<p>Six shapes, four glazes, one kiln by the water.</p>
<a class="button" href="/list">See everything</a></section>
<h2>Fresh from the kiln</h2>]] .. cards(some))
end

get["/list"] = function(r)
    local kind = r:parseargs().kind
    local items, links = {}, { '<a href="/list">all</a>' }
    for _, k in ipairs(goods.kinds) do
        links[#links + 1] = fill('<a href="/list?kind=$k">$ks</a>', { k = k,
            ks = k .. "s" })
    end
    for _, item in ipairs(goods.list) do
        if not kind or item.kind == kind then
            items[#items + 1] = item
        end
    end
    return page(r, "Shop", "<h1>The shop</h1><p class=kinds>" ..
        table.concat(links, " ") .. "</p>" .. cards(items))
end

local function product(r, slug)
    local item = goods.by_slug[slug]
    if not item then
        return nil
    end
    local others = {}
    for _, other in ipairs(goods.list) do
        if other.kind == item.kind and other ~= item then
            others[#others + 1] = other
        end
    end
    return page(r, item.name, fill([[
<article class="product"><img src="/img/$slug.svg" width="420" height="420"
  alt="$name in $glaze"><div><h1>$name</h1><p>$glaze glaze</p>
<p>$text</p><p class="price">€ $price <small data-stock="$slug"></small></p>
<form method="post" action="/cart"><input type="hidden" name="add"
  value="$slug"><button>Put in basket</button></form></div></article>
<h2>The same in other glazes</h2>]], item) .. cards(others))
end

get["/search"] = function(r)
    local query = r:parseargs().q or ""
    local found = goods.search(query)
    return page(r, "Search", fill("<h1>$n for “$query”</h1>", {
        n = (#found == 1) and "1 piece" or #found .. " pieces",
        query = r:escape_html(query) }) .. cards(found), query)
end

get["/gallery"] = function(r)
    local out = {}
    for i = 1, 36 do
        out[i] = string.format('<figure><img src="/glaze/%02d.webp" ' ..
            'width="240" height="180" alt="" loading="lazy">' ..
            "<figcaption>Test tile %02d</figcaption></figure>", i, i)
    end
    return page(r, "Glazes", "<h1>Glaze tests</h1><p>Every firing carries a " ..
        'few tiles. Some become a glaze.</p><div class="tiles">' ..
        table.concat(out) .. "</div>")
end

-- Takes two seconds, as a report over a big database would.
get["/firing"] = function(r)
    r.usleep(2000000) -- mod_lua takes no self here
    local rows, now = {}, os.time()
    for hour = 0, 11 do
        rows[#rows + 1] = string.format(
            '<tr><td>%s<td>%d °C<td><meter max="1300" value="%d"></meter>',
            os.date("!%H:%M", now - 600 * hour),
            goods.kiln(now - 600 * hour), goods.kiln(now - 600 * hour))
    end
    return page(r, "Firing", "<h1>Firing log</h1><p>Read from the kiln's old " ..
        "thermometer, which takes its time.</p><table><tr><th>UTC" ..
        "<th>Kiln<th>" .. table.concat(rows) .. "</table>")
end

get["/about"] = function(r)
    return page(r, "About", [[
<article class="text"><h1>About this shop</h1>
<img src="/img/teapot-celadon.svg" width="220" height="220" alt="">
<p>Tidewater Pottery does not exist. It is the demo that mod_mlgate protects
when you call <code>make run</code>: it has pages, pictures, styles and
scripts, a search, forms, a session cookie, a slow page and an API that its
pages poll, so that a browser in front of it behaves like a browser.</p>
<p>Nothing you enter is kept.</p></article>]])
end

get["/contact"] = function(r)
    local sent = r:parseargs().sent
    return page(r, "Contact", sent and [[
<article class="text"><h1>Thank you</h1><p>We answer when the kiln is
cold.</p></article>]] or [[
<article class="text"><h1>Write to us</h1>
<form method="post" action="/contact" class="stack">
<label>Name <input name="name" required maxlength="80"></label>
<label>Mail <input name="mail" type="email" required maxlength="120"></label>
<label>Message <textarea name="message" rows="6" required></textarea></label>
<button>Send</button></form></article>]])
end

post["/contact"] = function(r)
    r:parsebody(65536)
    return go(r, "/contact?sent=1")
end

-- Any name with this password is let in; all others are not.
local password = "kiln"

local function login(r, said)
    return page(r, "Sign in", fill([[
<article class="text"><h1>Sign in</h1><p>$said</p>
<form method="post" action="/login" class="stack">
<label>Mail <input name="mail" type="email" required maxlength="120"></label>
<label>Password <input name="password" type="password" required></label>
<button>Sign in</button></form></article>]], { said = said }))
end

get["/login"] = function(r)
    return login(r, "The password of this demo is “" .. password .. "”.")
end

post["/login"] = function(r)
    if r:parsebody(4096).password == password then
        r:setcookie { key = "member", value = "1", path = "/",
            httponly = true }
        return go(r, "/cart")
    end
    r.status = UNAUTHORIZED
    return login(r, "That is not the password.")
end

get["/cart"] = function(r)
    local rows, total = {}, 0
    for slug, n in pairs((basket_of(r))) do
        local item = goods.by_slug[slug]
        total = total + n * item.price
        rows[#rows + 1] = fill([[
<tr><td><img src="/img/$slug.svg" width="64" height="64" alt="">
<td><a href="/product/$slug">$name</a>, $glaze<td>$n<td>€ $sum<td>
<form method="post" action="/cart"><button class="quiet" name="remove"
value="$slug">Remove</button></form>]], setmetatable({ n = n,
            sum = n * item.price }, { __index = item }))
    end
    return page(r, "Basket", "<h1>Basket</h1>" .. (total == 0
        and '<p>Empty. <a href="/list">Find something.</a></p>'
        or "<table class=basket-rows>" .. table.concat(rows) ..
        "<tr class=total><td><td>Together<td><td>€ " .. total ..
        "<td></table>"))
end

post["/cart"] = function(r)
    local form = r:parsebody(4096)
    local basket, out = basket_of(r), {}
    if goods.by_slug[form.add or ""] then
        basket[form.add] = math.min((basket[form.add] or 0) + 1, 99)
    end
    basket[form.remove or ""] = nil
    for slug, n in pairs(basket) do
        out[#out + 1] = slug .. "." .. n
    end
    r:setcookie { key = "basket", value = table.concat(out, "~"), path = "/" }
    return go(r, "/cart")
end

-- What came out of the kiln, a piece a quarter of an hour, for feed readers.
get["/feed.xml"] = function(r)
    local entries, now = {}, os.time() // 900 * 900
    for i = 0, 11 do
        local at = now - 900 * i
        local item = goods.list[at // 900 % #goods.list + 1]
        entries[#entries + 1] = fill([[
<entry><title>$name, $glaze</title><id>urn:kiln:$at</id>
<updated>$date</updated><link href="/product/$slug"/>
<summary>$text</summary></entry>]], setmetatable({ at = tostring(at),
            date = os.date("!%Y-%m-%dT%TZ", at) }, { __index = item }))
    end
    r.content_type = "application/atom+xml"
    r.headers_out["Cache-Control"] = "max-age=60"
    r.headers_out["ETag"] = '"' .. now .. '"'
    if r.headers_in["If-None-Match"] == '"' .. now .. '"' then
        r.status = NOT_MODIFIED
        return OK
    end
    r:write([[<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Tidewater Pottery</title>
<id>urn:tidewater</id><updated>]] .. os.date("!%Y-%m-%dT%TZ", now) ..
        "</updated>" .. table.concat(entries) .. "</feed>\n")
    return OK
end

-- ---- the API that live.js and shop.js use -------------------------------

get["/api/stock"] = function(r)
    local out, now = {}, os.time()
    for i, item in ipairs(goods.list) do
        out[i] = string.format('"%s":%d', item.slug, goods.stock(item, now))
    end
    return json(r, "{" .. table.concat(out, ",") .. "}")
end

get["/api/kiln"] = function(r)
    return json(r, '{"celsius":' .. goods.kiln(os.time()) .. "}")
end

get["/api/suggest"] = function(r)
    local names, seen = {}, {}
    for _, item in ipairs(goods.search(r:parseargs().q or "")) do
        if not seen[item.name] then
            seen[item.name] = true
            names[#names + 1] = '"' .. item.name .. '"'
        end
    end
    return json(r, "[" .. table.concat(names, ",") .. "]")
end

-- ---- dispatch -----------------------------------------------------------

function handle(r)
    local path, answer = r.uri, nil
    if r.method == "POST" then
        answer = post[path]
    elseif r.method == "GET" or r.method == "HEAD" then
        answer = get[path]
    end
    if not answer and (get[path] or post[path]) then
        return BAD_METHOD
    end
    if answer then
        return answer(r)
    end
    local slug = path:match("^/product/([%l-]+)$")
    local made = slug and product(r, slug)
    if made then
        return made
    end
    r.status = NOT_FOUND
    return page(r, "Not found", [[<article class="text"><h1>Broken in the
kiln</h1><p>There is no such page. <a href="/list">Back to the shop.</a></p>
</article>]])
end

-- SPDX-License-Identifier: Apache-2.0
--
-- What the demo shop sells: six shapes in four glazes. Each has a picture of
-- the same name in htdocs/img.

local glazes = {
    { "celadon", "Celadon", "a grey-green that pools where the wall turns" },
    { "cobalt", "Cobalt", "a deep blue, almost black at the foot" },
    { "oatmeal", "Oatmeal", "a warm, speckled cream" },
    { "rust", "Rust", "an iron red that breaks to brown at the rim" },
}

local shapes = {
    { "mug", "mug", 24, "Holds 35 cl and keeps its handle cool.", "Harbour" },
    { "bowl", "bowl", 32, "For soup, noodles or a day's fruit.", "Tide" },
    { "vase", "vase", 58, "A narrow neck for one good branch.", "Heron" },
    { "plate", "plate", 29, "27 cm, wide rim, stacks flat.", "Sandbank" },
    { "jug", "jug", 46, "Pours without a drop on the table.", "Gannet" },
    { "teapot", "teapot", 84, "Four cups, strainer built in.", "Lantern" },
}

local goods = { list = {}, by_slug = {}, kinds = {} }

for _, shape in ipairs(shapes) do
    local kind, noun, price, use, series = table.unpack(shape)
    goods.kinds[#goods.kinds + 1] = kind
    for step, glaze in ipairs(glazes) do
        local item = {
            slug = kind .. "-" .. glaze[1],
            kind = kind,
            glaze = glaze[2],
            name = series .. " " .. noun,
            price = price + 2 * (step - 1),
            text = use .. " Thrown by hand, glazed in " .. glaze[3] .. ".",
        }
        goods.list[#goods.list + 1] = item
        goods.by_slug[item.slug] = item
    end
end

-- Pieces whose name, glaze or text contains every word of `query`.
function goods.search(query)
    local found = {}
    for _, item in ipairs(goods.list) do
        local text = (item.name .. " " .. item.glaze .. " " .. item.text):lower()
        local all = query:find("%S") ~= nil
        for word in query:lower():gmatch("%S+") do
            all = all and text:find(word, 1, true) ~= nil
        end
        if all then
            found[#found + 1] = item
        end
    end
    return found
end

-- Pieces on the shelf: 0 to 9, and it moves as time goes by.
function goods.stock(item, now)
    local sum = now // 15
    for i = 1, #item.slug do
        sum = (sum * 31 + item.slug:byte(i)) % 1009
    end
    return sum % 10
end

-- Degrees in the kiln, which fires for an hour and cools for another.
function goods.kiln(now)
    local minute = now % 7200 / 60
    local part = minute < 60 and minute / 60 or (120 - minute) / 60
    return math.floor(20 + 1260 * part ^ 0.7)
end

return goods

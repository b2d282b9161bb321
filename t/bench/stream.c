/* SPDX-License-Identifier: Apache-2.0
 *
 * A combined log of any length on standard output, for measuring what a replay
 * costs: stream LINES CLIENTS. A fifth of the lines walks through all clients
 * in turn, two fifths come from 20,000 regulars, the same share from anybody,
 * and one line in a hundred from fifty scanners. One client in sixteen has an
 * IPv6 address. 1,000 lines a second of log time; the same bytes every time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BEGIN_S   1704067200 /* 2024-01-01 00:00:00 UTC */
#define PER_S     1000
#define REGULARS  20000
#define SCANNERS  50
#define LINE_MAX_ 400
#define STRIDE    7368787 /* a prime: walks through any number of clients */

static const char *const agents[] = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1."
    "15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/7.88.1",
    "python-requests/2.31.0",
};
#define NAGENTS (sizeof(agents) / sizeof(agents[0]))

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static char *put(char *at, const char *text)
{
    return stpcpy(at, text);
}

static char *put_number(char *at, uint64_t n)
{
    char digits[20];
    int len = 0;

    do {
        digits[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (len > 0) {
        *at++ = digits[--len];
    }
    return at;
}

static char *put_hex(char *at, unsigned n)
{
    static const char digits[] = "0123456789abcdef";

    for (int shift = 12; shift >= 0; shift -= 4) {
        *at++ = digits[n >> shift & 15];
    }
    return at;
}

/* Every client has an address of its own. */
static char *put_address(char *at, uint32_t client)
{
    uint32_t v4 = client * 2654435761u;

    if (client % 16 == 15) {
        at = put(at, "2001:db8:");
        at = put_hex(at, client >> 16);
        *at++ = ':';
        at = put_hex(at, client & 0xffff);
        return put(at, "::1");
    }
    for (int shift = 24; shift >= 0; shift -= 8) {
        at = put_number(at, v4 >> shift & 255);
        *at++ = '.';
    }
    return at - 1;
}

/* " - - [01/Jan/2024:00:00:00 +0000] \"GET ", made anew each second. */
static const char *stamp_of(uint64_t second)
{
    static char stamp[64];
    static uint64_t latest = UINT64_MAX;
    time_t at = (time_t)(BEGIN_S + second);
    struct tm utc;

    if (second != latest) {
        latest = second;
        gmtime_r(&at, &utc);
        strftime(stamp, sizeof(stamp), " - - [%d/%b/%Y:%H:%M:%S +0000] \"GET ",
                 &utc);
    }
    return stamp;
}

static char *put_line(char *at, uint64_t i, uint32_t clients)
{
    uint64_t dice = draw();
    int is_scan = i % 5 != 0 && dice % 80 == 0;
    uint32_t client = (uint32_t)(dice >> 32) % clients;
    uint64_t page = dice >> 20 & 0xfff;

    if (is_scan) {
        client = (uint32_t)(dice >> 32) % SCANNERS;
    }
    else if (i % 5 == 0) {
        client = (uint32_t)(i / 5 * STRIDE % clients);
    }
    else if (dice & 0x100) {
        client = (uint32_t)(dice >> 32) % REGULARS;
    }
    client %= clients;
    at = put_address(at, client);
    at = put(at, stamp_of(i / PER_S));
    at = put(at, is_scan ? "/admin.php?id=" : (dice & 0x600) ? "/a/" : "/p/");
    at = put_number(at, page);
    at = put(at, (!is_scan && (dice & 0x600)) ? ".css HTTP/1.1\" "
                                              : " HTTP/1.1\" ");
    at = put(at, is_scan ? "404 " : "200 ");
    at = put_number(at, page * 7);
    at = put(at, (client % 3 == 0 || is_scan) ? " \"-\" \""
                                              : " \"https://example.org/\" \"");
    at = put(at, agents[client % 64 < 56 ? client % 3 : client % NAGENTS]);
    return put(at, "\"\n");
}

int main(int argc, char **argv)
{
    static char buffer[1 << 18];
    uint64_t lines = (argc > 1) ? strtoull(argv[1], NULL, 10) : 1000000;
    uint64_t clients = (argc > 2) ? strtoull(argv[2], NULL, 10) : 10000000;
    char *at = buffer;

    if (clients < 1 || clients > UINT32_MAX) {
        fputs("usage: stream LINES CLIENTS\n", stderr);
        return 2;
    }
    for (uint64_t i = 0; i < lines; i++) {
        at = put_line(at, i, (uint32_t)clients);
        if (at > buffer + sizeof(buffer) - LINE_MAX_) {
            if (fwrite(buffer, 1, (size_t)(at - buffer), stdout) == 0) {
                return 1;
            }
            at = buffer;
        }
    }
    return (fwrite(buffer, 1, (size_t)(at - buffer), stdout) > 0 &&
            fflush(stdout) == 0)
               ? 0
               : 1;
}

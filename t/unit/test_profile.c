/* SPDX-License-Identifier: Apache-2.0
 *
 * A site's profile as text: written, read back, and damaged in every way. */
#include "unit.h"

#include "mlg_profile_file.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <sha256.h>

static mlg_profile_t *sample(apr_pool_t *p)
{
    mlg_profile_t *profile = apr_pcalloc(p, sizeof(*profile));

    profile->model = 0x0123456789abcdef;
    profile->features = mlg_features_fingerprint();
    profile->threshold = 0.97312f;
    profile->recommended = 0.95f;
    profile->share = 0.0005f;
    profile->upper = 0.0047f;
    profile->trusted = 812;
    profile->clients = 9193;
    profile->requests = 496706;
    profile->first_us = SEC(1706295602);
    profile->last_us = SEC(1707331202);
    profile->nbaselines = 1;
    profile->baseline[0] =
        (mlg_baseline_t){MLG_F_PAGE_RATE_60S, {0.05f, 0.63f, 1.1f}};
    profile->has_load = 1;
    for (unsigned i = 0; i < MLG_PROFILE_HOURS; i++) {
        profile->load[i] = 10.5f * (float)i;
    }
    profile->places = 4021;
    profile->nplaces = 2;
    profile->place[0] = (mlg_profile_place_t){{"/", 1}, 812, 0};
    profile->place[1] = (mlg_profile_place_t){
        mlg_profile_escape((mlg_text_t){"/a b\\\xff", 6}, p), 7, 1};
    return profile;
}

static apr_status_t parse(const char *text, size_t len, mlg_fault_t *fault,
                          apr_pool_t *p)
{
    mlg_profile_t *profile = apr_palloc(p, sizeof(*profile));

    return mlg_profile_parse(profile, text, len, fault);
}

/* The text with its last line made anew, as whoever edits it could. */
static char *seal(const char *text, size_t *len, apr_pool_t *p)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    size_t body = strlen(text);
    char *out = apr_palloc(p, body + 80);
    SHA256_CTX hash;

    memcpy(out, text, body);
    SHA256Init(&hash);
    SHA256Update(&hash, (const uint8_t *)text, body);
    SHA256Final(digest, &hash);
    memcpy(out + body, "end ", 4);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(out + body + 4 + 2 * i, 3, "%02x", digest[i]);
    }
    memcpy(out + body + 68, "\n", 2);
    *len = body + 69;
    return out;
}

CLAIM(what_was_written_is_read_back)
{
    const mlg_profile_t *want;
    mlg_profile_t got;
    const char *text;
    char path[16];
    size_t len;
    apr_pool_t *p;

    BEGIN;
    apr_pool_create(&p, NULL);
    want = sample(p);
    text = mlg_profile_render(want, &len, p);
    assert_non_null(text);
    IS_INT(mlg_profile_parse(&got, text, len, NULL), APR_SUCCESS);
    IS_TRUE(got.model == want->model && got.features == want->features);
    IS_TRUE(got.threshold == want->threshold);
    IS_TRUE(got.recommended == want->recommended);
    IS_INT(got.trusted, 812);
    IS_INT(got.clients, 9193);
    IS_INT(got.requests, 496706);
    IS_TRUE(got.first_us == want->first_us && got.last_us == want->last_us);
    IS_INT(got.nbaselines, 1);
    IS_NEAR(got.baseline[0].quantile[2], 1.1, 1e-6);
    IS_NEAR(got.load[167], 10.5 * 167, 1);
    IS_INT(got.nplaces, 2);
    IS_INT(got.place[1].has_body, 1);
    IS_INT(mlg_profile_unescape(path, got.place[1].path), 6);
    assert_memory_equal(path, "/a b\\\xff", 6);
    apr_pool_destroy(p);
}

CLAIM(one_flipped_bit_or_a_missing_end_is_refused)
{
    const char *text;
    char *copy;
    size_t len;
    apr_pool_t *p;

    BEGIN;
    apr_pool_create(&p, NULL);
    text = mlg_profile_render(sample(p), &len, p);
    copy = apr_pstrmemdup(p, text, len);
    for (size_t i = 0; i < len; i++) {
        mlg_fault_t fault = {0, ""};
        mlg_profile_t got;

        copy[i] ^= (char)(1 << (i % 8));
        IS_INT(mlg_profile_parse(&got, copy, len, &fault), MLG_EPROFILE);
        IS_TRUE(fault.what[0] != '\0');
        copy[i] = text[i];
        /* cut there; a block of its own, for AddressSanitizer to watch */
        char *cut = malloc(i + 1);
        memcpy(cut, text, i);
        IS_INT(mlg_profile_parse(&got, cut, i, &fault), MLG_EPROFILE);
        free(cut);
    }
    apr_pool_destroy(p);
}

CLAIM(a_line_that_makes_no_sense_is_named)
{
    static const struct {
        const char *is;
        const char *becomes;
        const char *what;
    } rows[] = {
        {"share 0.0005\n", "share 0.0005\nshare 0.0005\n", "said twice"},
        {"share 0.0005\n", "", "its line share is missing"},
        {"threshold 0.97", "threshold 1.97", "out of range"},
        {"threshold 0.97", "threshold -0.97", "out of range"},
        {"threshold 0.97", "threshold 0x0.97", "out of range"},
        {"threshold 0.97", "threshold  0.97", "out of range"},
        {"trusted 812", "trusted 8.5", "out of range"},
        {"trusted 812", "trusted 99999999999", "out of range"},
        {"trusted 812", "trusted 812 3", "out of range"},
        {"trusted 812", "trusted", "out of range"},
        {"refused 0", "refused 813", "more trusted clients are refused"},
        {"span 1706295602", "span 9706295602", "out of range"},
        {"model 0123456789abcdef", "model 0123", "out of range"},
        {"model 0123456789abcdef", "model 0123456789ABCDEF", "out of range"},
        {"baseline page_rate_60s", "baseline geo_anomaly", "out of range"},
        {"load tue", "load tux", "out of range"},
        {"load tue 252", "load tue", "out of range"},
        {"place 812 get /", "place 812 put /", "out of range"},
        {"place 812 get /\n", "place 812 get \n", "out of range"},
        {"place 812 get /\n", "place 812 get /\\x0\n", "out of range"},
        {"place 812 get /\n", "place 812 get /\t\n", "out of range"},
        {"place 812 get /\n", "plaice 812 get /\n", "begins so"},
    };
    const char *text;
    char *body;
    size_t len;
    apr_pool_t *p;

    BEGIN;
    apr_pool_create(&p, NULL);
    text = mlg_profile_render(sample(p), &len, p);
    body = apr_pstrmemdup(p, text, len - 69);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *at = strstr(body, rows[i].is);
        mlg_fault_t fault = {0, ""};
        char *changed;
        size_t n;

        assert_non_null(at);
        changed = apr_pstrcat(p, apr_pstrmemdup(p, body, (size_t)(at - body)),
                              rows[i].becomes, at + strlen(rows[i].is), NULL);
        changed = seal(changed, &n, p);
        IS_INT(parse(changed, n, &fault, p), MLG_EPROFILE);
        if (strstr(fault.what, rows[i].what) == NULL) {
            fail_msg("%s: %s", rows[i].becomes, fault.what);
        }
    }
    apr_pool_destroy(p);
}

CLAIM(more_places_than_there_is_room_for_are_refused)
{
    apr_pool_t *p;
    mlg_fault_t fault;
    const char *text;
    char *many;
    size_t len;
    size_t at;

    BEGIN;
    apr_pool_create(&p, NULL);
    text = mlg_profile_render(sample(p), &len, p);
    many = apr_palloc(p, len + 1100 * 16);
    at = len - 69;
    memcpy(many, text, at);
    for (int i = 0; i < 1000; i++) {
        at += (size_t)sprintf(many + at, "place 5 get /%d\n", i);
    }
    many = seal(many, &len, p);
    IS_INT(parse(many, len, &fault, p), MLG_EPROFILE);
    apr_pool_destroy(p);
}

CLAIM(the_week_begins_on_monday)
{
    BEGIN;
    IS_INT(mlg_profile_hour(0), 72); /* Thursday */
    IS_INT(mlg_profile_hour(SEC(4 * 86400)), 0);
    IS_INT(mlg_profile_hour(SEC(1706295602)), 4 * 24 + 19); /* Fri 19:00 */
}

CLAIM(a_seeded_site_knows_its_popular_paths)
{
    rig_t rig;
    apr_pool_t *p;
    mlg_profile_t *profile;
    mlg_arrival_t asked = {.path = 0};

    BEGIN;
    apr_pool_create(&p, NULL);
    rig_open(&rig);
    profile = sample(p);
    mlg_profile_seed(profile, &rig.gate.places, &unit_secret, T0);
    asked.path = mlg_hash_text(&unit_secret, "/", 1);
    IS_INT(mlg_popularity_clients(&rig.gate.places, T0), 4021);
    IS_INT(mlg_popularity_read(&rig.gate.places, mlg_arrival_place(&asked), T0),
           812);
    asked.path = mlg_hash_text(&unit_secret, "/a b\\\xff", 6);
    asked.is = MLG_IS_OTHER_METHOD;
    IS_INT(mlg_popularity_read(&rig.gate.places, mlg_arrival_place(&asked), T0),
           7);
    rig_close(&rig);
    apr_pool_destroy(p);
}

CLAIM(a_giant_site_is_seeded_in_proportion)
{
    rig_t rig;
    apr_pool_t *p;
    mlg_profile_t *profile;
    mlg_arrival_t asked = {.path = mlg_hash_text(&unit_secret, "/", 1)};

    BEGIN;
    apr_pool_create(&p, NULL);
    rig_open(&rig);
    profile = sample(p);
    profile->places = 4000000;
    profile->place[0].clients = 2000000;
    mlg_profile_seed(profile, &rig.gate.places, &unit_secret, T0);
    IS_INT(mlg_popularity_clients(&rig.gate.places, T0), MLG_PROFILE_SEED);
    IS_INT(mlg_popularity_read(&rig.gate.places, mlg_arrival_place(&asked), T0),
           MLG_PROFILE_SEED / 2);
    rig_close(&rig);
    apr_pool_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read_back),
        TEST(one_flipped_bit_or_a_missing_end_is_refused),
        TEST(a_line_that_makes_no_sense_is_named),
        TEST(more_places_than_there_is_room_for_are_refused),
        TEST(the_week_begins_on_monday),
        TEST(a_seeded_site_knows_its_popular_paths),
        TEST(a_giant_site_is_seeded_in_proportion),
    };

    apr_initialize();
    return RUN(tests);
}

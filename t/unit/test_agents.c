/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_agents.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <unistd.h>

#define LISTS "../shared/lists/" /* public, and not ours to ship */

static apr_pool_t *pool;
static mlg_agents_t *agents;

static void begin(void)
{
    apr_pool_create(&pool, NULL);
    IS_INT(mlg_agents_make(&agents, pool), APR_SUCCESS);
}

static void end(void)
{
    apr_pool_destroy(pool);
}

static mlg_class class_from(const char *agent, const char *address)
{
    mlg_text_t text = {agent, strlen(agent)};
    mlg_key_t addr = unit_key(address);

    return mlg_agents_class(agents, text, unit_hash(agent), &addr);
}

static mlg_class class_of(const char *agent)
{
    return class_from(agent, "192.0.2.1");
}

/* A file of the test's own. */
static const char *file_of(const char *name, const char *text)
{
    const char *dir;
    const char *path;
    FILE *file;

    apr_temp_dir_get(&dir, pool);
    path = apr_psprintf(pool, "%s/test_agents.%d.%s", dir, (int)getpid(), name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

CLAIM(families_are_told_without_any_list)
{
    BEGIN;
    begin();
    IS_INT(class_of(""), MLG_CLASS_NONE);
    IS_INT(class_of("Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 "
                    "Firefox/121.0"),
           MLG_CLASS_BROWSER);
    IS_INT(class_of("Mozilla/5.0 (Linux; Android 9; CUBOT X20) AppleWebKit/1"),
           MLG_CLASS_BROWSER);
    IS_INT(class_of("curl/7.88.1"), MLG_CLASS_TOOL);
    IS_INT(class_of("Go-http-client/2.0"), MLG_CLASS_TOOL);
    IS_INT(class_of("Uptime-Kuma/1.23.1"), MLG_CLASS_MONITOR);
    IS_INT(class_of("Mozilla/5.0 (compatible; Googlebot/2.1; "
                    "+http://www.google.com/bot.html)"),
           MLG_CLASS_CRAWLER);
    IS_INT(class_of("\x01\xff<script>"), MLG_CLASS_OTHER);
    end();
}

CLAIM(a_long_user_agent_is_read_as_far_as_it_matters)
{
    char *text = malloc(100000);
    mlg_key_t addr = unit_key("192.0.2.1");

    BEGIN;
    begin();
    memset(text, 'x', 100000);
    memcpy(text, "curl/8\0nul", 10);
    IS_INT(mlg_agents_class(agents, (mlg_text_t){text, 100000}, 1, &addr),
           MLG_CLASS_TOOL);
    memset(text, 'x', 100000);
    memcpy(text + 50000, "curl/8", 6);
    IS_INT(mlg_agents_class(agents, (mlg_text_t){text, 100000}, 2, &addr),
           MLG_CLASS_OTHER);
    free(text);
    end();
}

CLAIM(patterns_are_matched_as_their_list_means_them)
{
    const char *path;
    mlg_fault_t fault;

    BEGIN;
    begin();
    path =
        file_of("json", "[{\"pattern\":\"Fetch\\\\/\"},"
                        "{\"pattern\":\"^Only\",\"tags\":[\"http-library\"]},"
                        "{\"pattern\":\"[qQ]uux\",\"tags\":[\"monitoring\"]},"
                        "{\"pattern\":\"Foo\\\\/\\\\d\\\\.\\\\d+ bar\"},"
                        "{\"pattern\":\"This[\\\\s\\\\S]*that\"},"
                        "{\"pattern\":\"ds\"},"
                        "{\"pattern\":\"left|right\"},"
                        "{\"pattern\":\"(a\"}]");
    IS_INT(mlg_agents_read_patterns(agents, path, &fault), APR_SUCCESS);
    remove(path);
    IS_INT(mlg_agents_unusable(agents), 1);
    IS_INT(class_of("My Fetch/1"), MLG_CLASS_CRAWLER);
    IS_INT(class_of("My Fetch"), MLG_CLASS_OTHER);
    IS_INT(class_of("Only this"), MLG_CLASS_TOOL);
    IS_INT(class_of("Not Only this"), MLG_CLASS_OTHER);
    IS_INT(class_of("a Quux"), MLG_CLASS_MONITOR);
    IS_INT(class_of("Foo/1.23 bar"), MLG_CLASS_CRAWLER);
    IS_INT(class_of("Foo/x.23 bar"), MLG_CLASS_OTHER);
    IS_INT(class_of("This and that"), MLG_CLASS_CRAWLER);
    IS_INT(class_of("odds"), MLG_CLASS_CRAWLER);
    IS_INT(class_of("to the right"), MLG_CLASS_CRAWLER);
    end();
}

CLAIM(a_list_that_is_none_is_refused_with_its_fault)
{
    static const char *const broken[] = {
        "", "{}", "[]", "[1]", "[{}]", "[{\"pattern\":\"\"}]", "[{\"pat"};
    mlg_fault_t fault;

    BEGIN;
    begin();
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        const char *path = file_of("broken", broken[i]);

        fault.what[0] = '\0';
        IS_INT(mlg_agents_read_patterns(agents, path, &fault), APR_EGENERAL);
        IS_TRUE(fault.what[0] != '\0');
        remove(path);
    }
    IS_TRUE(mlg_agents_read_ranges(agents, "/nonexistent", &fault) !=
            APR_SUCCESS);
    IS_INT(class_of("curl/7"), MLG_CLASS_TOOL);
    end();
}

CLAIM(an_operators_addresses_tell_the_real_one)
{
    mlg_fault_t fault;
    const char *dir;
    const char *root;

    BEGIN;
    begin();
    apr_temp_dir_get(&dir, pool);
    root = apr_psprintf(pool, "%s/test_agents.%d", dir, (int)getpid());
    apr_dir_make_recursive(apr_pstrcat(pool, root, "/bing", NULL),
                           APR_FPROT_OS_DEFAULT, pool);
    rename(file_of("txt",
                   "# Bing, in a remark of more than a hundred bytes: its "
                   "addresses as they were published on the 1st of May, "
                   "with those that it has stopped using left out\n"
                   "198.51.100.0/24 # one\n\n2001:db8::/48\n"),
           apr_pstrcat(pool, root, "/bing/list.txt", NULL));
    IS_INT(mlg_agents_read_ranges(agents, root, &fault), APR_SUCCESS);
    IS_INT(class_from("bingbot/2.0", "198.51.100.9"), MLG_CLASS_VERIFIED);
    IS_INT(class_from("bingbot/2.0", "2001:db8::9"), MLG_CLASS_VERIFIED);
    IS_INT(class_from("bingbot/2.0", "198.51.101.9"), MLG_CLASS_UNVERIFIED);
    IS_INT(class_from("msnbot/1", "198.51.100.9"), MLG_CLASS_VERIFIED);
    IS_INT(class_from("BUbiNG bot", "198.51.100.9"), MLG_CLASS_CRAWLER);
    IS_INT(class_from("curl/7 bing", "198.51.100.9"), MLG_CLASS_TOOL);
    remove(apr_pstrcat(pool, root, "/bing/list.txt", NULL));
    rename(file_of("txt", "198.51.100.0/24\nnonsense\n"),
           apr_pstrcat(pool, root, "/bing/list.txt", NULL));
    IS_INT(mlg_agents_read_ranges(agents, root, &fault), APR_EGENERAL);
    IS_TEXT(fault.what, "line 2 of list.txt holds no address");
    remove(apr_pstrcat(pool, root, "/bing/list.txt", NULL));
    remove(apr_pstrcat(pool, root, "/bing", NULL));
    remove(root);
    end();
}

CLAIM(the_published_lists_can_be_read)
{
    mlg_fault_t fault = {0, ""};

    BEGIN;
    if (access(LISTS, R_OK) != 0) {
        print_message("# skipped: there is no " LISTS "\n");
        return; /* cmocka's skip() is "not ok" to prove */
    }
    begin();
    IS_INT(mlg_agents_read_patterns(
               agents, LISTS "crawler-user-agents/crawler-user-agents.json",
               &fault),
           APR_SUCCESS);
    IS_INT(mlg_agents_unusable(agents), 0);
    IS_INT(mlg_agents_read_ranges(agents, LISTS "ipranges", &fault),
           APR_SUCCESS);
    IS_INT(class_from("Mozilla/5.0 (compatible; Googlebot/2.1; +http://x)",
                      "66.249.66.1"),
           MLG_CLASS_VERIFIED);
    IS_INT(class_from("Mozilla/5.0 (compatible; Googlebot/2.1; +http://x)",
                      "192.0.2.1"),
           MLG_CLASS_UNVERIFIED);
    IS_INT(class_of("python-requests/2.31.0"), MLG_CLASS_TOOL);
    end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(families_are_told_without_any_list),
        TEST(a_long_user_agent_is_read_as_far_as_it_matters),
        TEST(patterns_are_matched_as_their_list_means_them),
        TEST(a_list_that_is_none_is_refused_with_its_fault),
        TEST(an_operators_addresses_tell_the_real_one),
        TEST(the_published_lists_can_be_read),
    };

    apr_initialize();
    return RUN(tests);
}

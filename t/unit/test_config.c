/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_config.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static apr_pool_t *pool;

static int set_up(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static void says(const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, (text != NULL) ? text : "nothing");
    }
}

/* ---- texts -------------------------------------------------------------- */

static apr_status_t read_for(mlg_config_t *config, const char *text,
                             const char *host)
{
    mlg_config_init(config, pool);
    return mlg_config_read_text(config, "x.conf", text, strlen(text), host);
}

/* A text that is to be read. */
static mlg_config_t good(const char *text, const char *host)
{
    mlg_config_t config;

    if (read_for(&config, text, host) != APR_SUCCESS) {
        fail_msg("refused: %s", config.why);
    }
    return config;
}

static int64_t threshold(const char *text)
{
    return good(text, NULL).settings.threshold;
}

static void refused(const char *text, const char *why)
{
    mlg_config_t config;

    IS_INT(read_for(&config, text, NULL), MLG_ECONFIG);
    says(config.why, why);
}

static void notes(const mlg_config_t *config, int n, const char *part)
{
    IS_INT(config->notes->nelts, n);
    if (n > 0) {
        says(APR_ARRAY_IDX(config->notes, n - 1, const char *), part);
    }
}

CLAIM(an_empty_configuration_is_the_defaults)
{
    mlg_config_t config = good("", NULL);
    mlg_settings_t defaults;

    BEGIN;
    mlg_settings_init(&defaults);
    assert_memory_equal(&config.settings, &defaults, sizeof(defaults));
    IS_INT(config.weights.given, 0);
    IS_INT(config.allow->nelts, 0);
    notes(&config, 0, NULL);
}

CLAIM(every_directive_is_read_in_any_case)
{
    mlg_config_t config = good("MLGateEngine off\n"
                               "mlgatethreshold 0.5\n"
                               "MLGATEMINREQUESTS 7\n"
                               "MLGateBlockFor 5min\n"
                               "MLGateBlockMax 2h\n"
                               "MLGateRefuseStatus 403\n"
                               "MLGateTableSize 8192\n"
                               "MLGateIPv6Prefix 56\n"
                               "MLGateThresholdDrift 0.1\n"
                               "MLGateSwarm refuse\n"
                               "MLGateSwarmThreshold 6\n"
                               "MLGateSwarmMaxShare 0.5\n"
                               "MLGateProfile site.profile\n"
                               "MLGateWeight burst 1 2 0.5\n"
                               "MLGateAllow 192.0.2.1 2001:db8::/32\n"
                               "MLGateModel /srv/site.mlg\n"
                               "MLGateShadowModel /srv/next.mlg\n"
                               "MLGateEventLog logs/events.json\n"
                               "MLGateObservationLog \"|/bin/cat\"\n",
                               NULL);

    BEGIN;
    IS_INT(config.settings.engine, MLG_ENGINE_OFF);
    IS_INT(config.settings.threshold, 500000);
    IS_INT(config.settings.min_requests, 7);
    IS_TEXT(config.model, "/srv/site.mlg");
    IS_INT(config.settings.block_for_us, SEC(300));
    IS_INT(config.settings.block_max_us, SEC(7200));
    IS_INT(config.settings.refuse_status, 403);
    IS_INT(config.settings.table_size, 8192);
    IS_INT(config.settings.ipv6_prefix, 56);
    IS_INT(config.settings.threshold_drift, 100000);
    IS_INT(config.settings.swarm, MLG_SWARM_REFUSE);
    IS_INT(config.settings.swarm_threshold, 6000000);
    IS_INT(config.settings.swarm_max_share, 500000);
    assert_non_null(config.profile);
    IS_INT(config.settings.given, (1 << MLG_NSETTINGS) - 1);
    IS_INT(config.weights.given, UINT64_C(1) << mlg_feature_find("burst"));
    IS_INT(config.allow->nelts, 2);
    notes(&config, 0, NULL);
}

CLAIM(lines_are_read_as_httpd_reads_them)
{
    BEGIN;
    IS_INT(threshold("  \tMLGateThreshold   0.5  \r\n"), 500000);
    IS_INT(threshold("MLGateThreshold \"0.5\""), 500000);
    IS_INT(threshold("MLGateThreshold '0.5'"), 500000);
    IS_INT(threshold("\"MLGateThreshold\" 0.5"), 500000);
    IS_INT(threshold("MLGateThreshold \\\n0.5\n"), 500000);
    IS_INT(threshold("MLGateThreshold \\\r\n 0.\\\n5\n"), 500000);
    IS_INT(threshold("MLGateThreshold 0.5\nMLGateThreshold 0.6\n"), 600000);
    IS_INT(threshold("# MLGateThreshold 0.5\n"), 800000);
    IS_INT(threshold("# a comment goes on \\\nMLGateThreshold 0.5\n"), 800000);
    IS_INT(threshold("ServerTokens Prod\nMLGateThreshold 0.5\n"), 500000);
    IS_INT(threshold("Header set X \"a \\\" MLGateThreshold 0.5\"\n"), 800000);
    IS_INT(threshold("\n\n   \n#\n"), 800000);
}

CLAIM(what_httpd_refuses_is_refused_with_its_place)
{
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {
        {"MLGateThreshold high", "x.conf line 1: 'high' is not a value for "},
        {"\n\nMLGateThreshold 1.5\n", "x.conf line 3: '1.5' is out of range"},
        {"MLGateThreshold \\\n\\\n2\n", "x.conf line 3: '2' is out of range"},
        {"MLGateThreshold", "MLGateThreshold takes one argument, Score"},
        {"MLGateThreshold \"\"", "takes one argument"},
        {"MLGateThreshold 0.5 # why", "takes one argument"},
        {"MLGateThreshold 0.5 0.6", "takes one argument"},
        {"MLGateTreshold 0.5", "there is no directive 'MLGateTreshold'; is it "
                               "MLGateThreshold?"},
        {"mlgate 0.5", "there is no directive 'mlgate'"},
        {"MLGateWeight burst 1 2", "MLGateWeight takes four arguments"},
        {"MLGateWeight speed 1 2 0.5", "'speed' is not the name of a feature"},
        {"MLGateAllow", "MLGateAllow: Clients that are never judged"},
        {"MLGateAllow 192.0.2.1 nobody", "MLGateAllow: 'nobody': not an IPv4"},
        {"MLGateAllow 192.0.2.0/33", "'192.0.2.0/33': the prefix length"},
        {"MLGateAllow file:x", "'x' is not read from here"},
        {"<Location />\nMLGateThreshold high\n</Location>\n", "'high' is not"},
        {"<Location />\nMLGateTableSize 8192\n</Location>\n",
         "line 2: MLGateTableSize cannot occur within <Location> section"},
        {"<Location />\nMLGateAllow ::1\n</Location>\n",
         "MLGateAllow cannot occur within <Location> section"},
        {"<VirtualHost *>\nMLGateTableSize 8192\n</VirtualHost>\n",
         "MLGateTableSize cannot occur within <VirtualHost> section"},
        {"<VirtualHost *>\nMLGateEventLog x\n</VirtualHost>\n",
         "MLGateEventLog cannot occur within <VirtualHost> section"},
        {"MLGateThreshold ${X}", "line 1: ${X} is not defined"},
        {"MLGateThreshold ${T}\nDefine T 0.5", "line 1: ${T} is not defined"},
        {"Define T\nMLGateThreshold ${T}", "line 2: ${T} is not defined"},
        {"Include", "line 1: Include takes one argument"},
        {"Include a b", "line 1: Include takes one argument"},
        {"<Location /\n</Location>", "line 1: <Location> misses its '>'"},
        {"<Location />", "x.conf line 1: <Location> is not closed"},
        {"\n<IfModule x>\n", "line 2: <IfModule> is not closed"},
        {"</Location>", "</Location> closes a section that was not opened"},
        {"<If x>\n<Files y>\n</If>\n</Files>",
         "line 3: </If> stands where <Files> of line 2 has to be closed first"},
        {"<If x>\n</I>\n", "</I> stands where <If> of line 1"},
    };

    BEGIN;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        refused(bad[i].text, bad[i].why);
    }
    /* a quote that is never closed ends with the line, as in httpd */
    IS_INT(threshold("MLGateThreshold \"0.5"), 500000);
}

CLAIM(an_argument_keeps_its_quoted_blanks_and_escapes)
{
    BEGIN;
    refused("MLGateBlockFor \"10 fortnights\"", "'10 fortnights' is not a");
    refused("MLGateBlockFor 'a\\'b'", "'a'b' is not a value");
    refused("MLGateBlockFor \"a\\\\b\"", "'a\\b' is not a value");
    refused("MLGateBlockFor a\\\\b", "'a\\b' is not a value");
    refused("MLGateBlockFor \"a\\nb\"", "'a\\nb' is not a value");
}

CLAIM(a_nul_byte_is_refused)
{
    static const char text[] = "MLGateThreshold 0.5\n\0MLGateThreshold 0.6\n";
    mlg_config_t config;

    BEGIN;
    mlg_config_init(&config, pool);
    IS_INT(mlg_config_read_text(&config, "x.conf", text, sizeof(text), NULL),
           MLG_ECONFIG);
    says(config.why, "x.conf: it holds a NUL byte");
}

CLAIM(conditions_are_taken_as_httpd_would_with_all_modules)
{
    BEGIN;
    IS_INT(threshold("<IfModule mod_x.c>\nMLGateThreshold 0.5\n</IfModule>"),
           500000);
    IS_INT(threshold("<ifmodule !mod_x.c>\nMLGateThreshold 0.5\n</IfModule>"),
           800000);
    IS_INT(threshold("<IfDefine X>\nMLGateThreshold 0.5\n</IfDefine>"), 800000);
    IS_INT(threshold("<IfDefine !X>\nMLGateThreshold 0.5\n</IfDefine>"),
           500000);
    IS_INT(threshold("Define X\n<IfDefine X>\nMLGateThreshold 0.5\n"
                     "</IfDefine>"),
           500000);
    IS_INT(threshold("Define X\nUnDefine X\n<IfDefine X>\n"
                     "MLGateThreshold 0.5\n</IfDefine>"),
           800000);
    IS_INT(threshold("Define x\n<IfDefine X>\nMLGateThreshold 0.5\n"
                     "</IfDefine>"),
           800000);
    IS_INT(threshold("Define \"X Y\"\n<IfDefine \"X Y\">\n"
                     "MLGateThreshold 0.5\n</IfDefine>"),
           500000);
    IS_INT(threshold("<IfDefine \"!X\">\nMLGateThreshold 0.5\n</IfDefine>"),
           800000);
    IS_INT(threshold("<IfVersion >= 2.4>\nMLGateThreshold 0.5\n</IfVersion>"),
           500000);
    IS_INT(threshold("<IfFile /etc/passwd>\nMLGateThreshold 0.5\n</IfFile>"),
           800000);
}

CLAIM(what_a_condition_leaves_out_is_not_looked_at)
{
    BEGIN;
    IS_INT(threshold("<IfDefine X>\nMLGateNonsense\n<Location />\n"
                     "Define X\nMLGateThreshold 9\n</Location>\n"
                     "<VirtualHost *>\nMLGateThreshold 0.5\n</VirtualHost>\n"
                     "</IfDefine>\n<IfDefine X>\nMLGateNonsense\n</IfDefine>"),
           800000);
}

CLAIM(a_variable_stands_for_its_value)
{
    BEGIN;
    IS_INT(threshold("Define T 0.5\nMLGateThreshold ${T}\n"), 500000);
    IS_INT(threshold("Define T 5\nMLGateThreshold 0.${T}\n"), 500000);
    IS_INT(threshold("Define T 5\nMLGateThreshold \"0.${T}${T}\"\n"), 550000);
    IS_INT(threshold("Define t 0.5\nMLGateThreshold ${T}\nDefine T 0.6\n"),
           500000);
    /* it may be several words, or the name */
    IS_INT(threshold("Define T \"MLGateThreshold 0.5\"\n${T}\n"), 500000);
    /* a value is not looked at again */
    refused("Define A ${A}\nMLGateThreshold ${A}\n", "'${A}' is not a value");
    refused("MLGateThreshold ${T", "'${T' is not a value");
    /* mod_rewrite's maps are no variables */
    refused("MLGateThreshold ${map:key}", "'${map:key}' is not a value");
    /* what httpd alone needs may hold any */
    good("MLGateEventLog ${APACHE_LOG_DIR}/events.json\n", NULL);
}

CLAIM(values_that_grow_without_end_are_refused)
{
    const char *text = "Define A aaaaaaaaaaaaaaaa\n";

    BEGIN;
    for (int i = 0; i < 40; i++) {
        text = apr_pstrcat(pool, text, "Define A ${A}${A}\n", NULL);
    }
    refused(text, "the values of ${NAME} make more than 16 MiB");
}

CLAIM(a_text_never_sees_the_environment)
{
    BEGIN;
    setenv("MLG_TEST_THRESHOLD", "0.5", 1);
    refused("MLGateThreshold ${MLG_TEST_THRESHOLD}", "is not defined");
}

CLAIM(lines_in_sections_are_checked_and_said_once_but_not_applied)
{
    mlg_config_t config = good("MLGateThreshold 0.7\n"
                               "<Directory /x>\nMLGateThreshold 0.5\n"
                               "<IfModule x>\nMLGateEngine off\n</IfModule>\n"
                               "</Directory>\n"
                               "<If \"true\">\nMLGateMinRequests 5\n</If>\n",
                               NULL);

    BEGIN;
    IS_INT(config.settings.threshold, 700000);
    IS_INT(config.settings.min_requests, 10);
    IS_INT(config.settings.engine, MLG_ENGINE_OBSERVE);
    notes(&config, 1,
          "x.conf line 3: MLGateThreshold in <Directory> is not applied");
    notes(&config, 1, "(3 in all)");
}

CLAIM(an_expression_is_said_once_and_not_applied)
{
    mlg_config_t config = good(
        "MLGateExempt \"%{REQUEST_URI} == '/x'\"\nMLGateExempt true\n", NULL);

    BEGIN;
    notes(&config, 1, "x.conf line 1: MLGateExempt is not applied (2 in all)");
}

CLAIM(a_macro_is_not_expanded_and_its_arguments_are_no_faults)
{
    mlg_config_t config = good("<Macro gate $t>\n<VirtualHost *>\n"
                               "MLGateThreshold $t\nMLGate$x 1\n"
                               "</VirtualHost>\n</Macro>\nUse gate 0.5\n",
                               NULL);

    BEGIN;
    IS_INT(config.settings.threshold, 800000);
    notes(&config, 1, "MLGateThreshold in <Macro> is not applied");
}

/* ---- virtual hosts ------------------------------------------------------ */

static const char two_hosts[] = "MLGateThreshold 0.7\n"
                                "<VirtualHost *:80 [::1]:8080>\n"
                                "  ServerName http://a.example:80\n"
                                "  MLGateMinRequests 20\n"
                                "</VirtualHost>\n"
                                "MLGateMinRequests 15\n"
                                "<VirtualHost *:443>\n"
                                "  ServerName b.example\n"
                                "  ServerAlias *.b.example \"b\"\n"
                                "  MLGateThreshold 0.9\n"
                                "  MLGateMinRequests 30\n"
                                "</VirtualHost>\n"
                                "<VirtualHost *:443>\n"
                                "  ServerName c.example\n"
                                "  MLGateEngine off\n"
                                "</VirtualHost>\n";

CLAIM(the_virtual_host_that_is_named_wins_over_the_main_server)
{
    static const struct {
        const char *host;
        int requests;
        int threshold;
    } named[] = {
        {"a.example", 20, 700000},
        {"A.EXAMPLE", 20, 700000},
        {"a.example:80", 20, 700000},
        {"a.example:8080", 20, 700000},
        {"*:80", 20, 700000},
        {"[::1]:8080", 20, 700000},
        {"b.example", 30, 900000},
        {"www.b.example", 30, 900000},
        {"b", 30, 900000},
        {"b:443", 30, 900000},
        {"c.example", 15, 700000},
    };

    BEGIN;
    for (size_t i = 0; i < LENGTH(named); i++) {
        mlg_config_t config = good(two_hosts, named[i].host);

        IS_INT(config.settings.min_requests, named[i].requests);
        IS_INT(config.settings.threshold, named[i].threshold);
        notes(&config, 0, NULL);
    }
}

CLAIM(virtual_hosts_that_differ_have_to_be_told_apart)
{
    mlg_config_t config;

    BEGIN;
    IS_INT(read_for(&config, two_hosts, NULL), MLG_ECONFIG);
    says(config.why, "x.conf: virtual hosts have lines of their own that "
                     "differ: http://a.example:80 (*:80 [::1]:8080), "
                     "b.example (*:443); say with --host NAME");
}

CLAIM(a_virtual_host_that_is_not_there_is_refused_with_those_that_are)
{
    static const char *const wrong[] = {"d.example", "a.example:443", "",
                                        ":80",       "b.example:80",  "*"};

    BEGIN;
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        mlg_config_t config;

        IS_INT(read_for(&config, two_hosts, wrong[i]), MLG_ECONFIG);
        says(config.why, "no virtual host is called '");
        says(config.why, "c.example (*:443)");
    }
    {
        mlg_config_t config;

        IS_INT(read_for(&config, "", "a.example"), MLG_ECONFIG);
        says(config.why, "there are: none");
    }
}

CLAIM(the_only_virtual_host_with_lines_is_applied_and_said)
{
    mlg_config_t config =
        good("<VirtualHost *:80>\nServerName a\n</VirtualHost>\n"
             "<VirtualHost *:443>\nServerName a\n"
             "MLGateThreshold 0.5\n</VirtualHost>\n",
             NULL);

    BEGIN;
    IS_INT(config.settings.threshold, 500000);
    notes(&config, 1, "x.conf line 4: the lines of virtual host a (*:443)");
}

CLAIM(virtual_hosts_that_say_the_same_are_one)
{
    mlg_config_t config =
        good("<VirtualHost *:80>\nServerName a\nMLGateThreshold 0.5\n"
             "MLGateExempt true\n</VirtualHost>\n"
             "<VirtualHost *:443>\nServerName a\nMLGateEngine off\n"
             "MLGateThreshold 0.5\n</VirtualHost>\n",
             "a");

    BEGIN;
    IS_INT(config.settings.threshold, 500000);
}

CLAIM(one_name_on_two_ports_is_told_apart_by_the_port)
{
    static const char text[] =
        "<VirtualHost *:80>\nServerName a\nMLGateThreshold 0.5\n"
        "</VirtualHost>\n"
        "<VirtualHost *:443>\nServerName a\nMLGateThreshold 0.6\n"
        "</VirtualHost>\n";
    mlg_config_t config;

    BEGIN;
    IS_INT(read_for(&config, text, "a"), MLG_ECONFIG);
    says(config.why, "a (*:80), a (*:443)");
    says(config.why, "NAME:PORT");
    IS_INT(good(text, "a:80").settings.threshold, 500000);
    IS_INT(good(text, "a:443").settings.threshold, 600000);
}

CLAIM(a_fault_in_another_virtual_host_is_a_fault)
{
    mlg_config_t config;

    BEGIN;
    IS_INT(read_for(&config,
                    "<VirtualHost *>\nServerName a\n</VirtualHost>\n"
                    "<VirtualHost *>\nServerName b\nMLGateThreshold 9\n"
                    "</VirtualHost>\n",
                    "a"),
           MLG_ECONFIG);
    says(config.why, "x.conf line 6: '9' is out of range");
}

/* ---- files -------------------------------------------------------------- */

/* A directory of its own, which the pool takes away. */
typedef struct tree_t {
    char dir[64];
} tree_t;

static apr_status_t remove_tree(void *data)
{
    tree_t *tree = data;
    char *command = apr_psprintf(pool, "rm -rf '%s'", tree->dir);

    return (system(command) == 0) ? APR_SUCCESS : APR_EGENERAL;
}

static tree_t *make_tree(void)
{
    tree_t *tree = apr_pcalloc(pool, sizeof(*tree));

    memcpy(tree->dir, "/tmp/mlg-config-XXXXXX", 23);
    assert_non_null(mkdtemp(tree->dir));
    apr_pool_cleanup_register(pool, tree, remove_tree, apr_pool_cleanup_null);
    return tree;
}

/* Write a file; directories in its name are made. */
static const char *put(const tree_t *tree, const char *name, const char *text)
{
    char *path = apr_psprintf(pool, "%s/%s", tree->dir, name);
    FILE *file;

    for (char *slash = strchr(path + strlen(tree->dir) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static mlg_config_t read_good(const char *path)
{
    mlg_config_t config;

    mlg_config_init(&config, pool);
    if (mlg_config_read(&config, path, NULL) != APR_SUCCESS) {
        fail_msg("refused: %s", config.why);
    }
    return config;
}

static void read_refused(const char *path, const char *why)
{
    mlg_config_t config;

    mlg_config_init(&config, pool);
    IS_INT(mlg_config_read(&config, path, NULL), MLG_ECONFIG);
    says(config.why, why);
}

CLAIM(include_follows_wildcards_in_order_below_the_first_file)
{
    tree_t *tree = make_tree();
    const char *path =
        put(tree, "httpd.conf", "Include sites/*/*.conf\nMLGateBlockFor 1h\n");
    mlg_config_t config;

    BEGIN;
    put(tree, "sites/b/x.conf", "MLGateThreshold 0.6\n");
    put(tree, "sites/a/y.conf", "MLGateThreshold 0.5\nMLGateMinRequests 3\n");
    put(tree, "sites/a/z.txt", "MLGateThreshold 0.9\n");
    put(tree, "sites/c/.hidden.conf", "MLGateThreshold 0.9\n");
    config = read_good(path);
    IS_INT(config.settings.threshold, 600000);
    IS_INT(config.settings.min_requests, 3);
    IS_INT(config.settings.block_for_us, SEC(3600));
}

CLAIM(include_is_relative_to_server_root)
{
    tree_t *tree = make_tree();
    const char *path = put(tree, "conf/httpd.conf",
                           apr_psprintf(pool,
                                        "ServerRoot \"%s\"\n"
                                        "Include other/a.conf\n",
                                        tree->dir));

    BEGIN;
    put(tree, "other/a.conf", "MLGateThreshold 0.5\n");
    put(tree, "conf/other/a.conf", "MLGateThreshold 0.6\n");
    IS_INT(read_good(path).settings.threshold, 500000);
}

CLAIM(an_included_file_is_part_of_the_section_it_stands_in)
{
    tree_t *tree = make_tree();
    const char *path = put(tree, "httpd.conf",
                           "<VirtualHost *>\nInclude host.conf\n"
                           "</VirtualHost>\n<Location />\n"
                           "Include place.conf\n</Location>\n");
    mlg_config_t config;

    BEGIN;
    put(tree, "host.conf", "ServerName a\nMLGateThreshold 0.5\n");
    put(tree, "place.conf", "MLGateThreshold 0.6\n");
    config = read_good(path);
    IS_INT(config.settings.threshold, 500000);
    notes(&config, 1, "place.conf line 1: MLGateThreshold in <Location>");
}

CLAIM(a_directory_is_included_with_all_below_it)
{
    tree_t *tree = make_tree();
    const char *path = put(tree, "httpd.conf", "Include d\n");
    mlg_config_t config;

    BEGIN;
    put(tree, "d/a", "MLGateThreshold 0.5\n");
    put(tree, "d/e/f", "MLGateMinRequests 4\n");
    config = read_good(path);
    IS_INT(config.settings.threshold, 500000);
    IS_INT(config.settings.min_requests, 4);
}

CLAIM(a_missing_file_matters_unless_it_is_optional)
{
    tree_t *tree = make_tree();

    BEGIN;
    read_refused(put(tree, "a.conf", "\nInclude nowhere.conf\n"),
                 "a.conf line 2: cannot read ");
    read_refused(put(tree, "b.conf", "Include nowhere/*.conf\n"),
                 "b.conf line 1: no file matches ");
    read_good(put(tree, "c.conf",
                  "IncludeOptional nowhere.conf\n"
                  "IncludeOptional nowhere/*.conf\n"
                  "IncludeOptional ${NOWHERE}/*.conf\n"
                  "<IfDefine X>\nInclude nowhere.conf\n"
                  "</IfDefine>\n"));
    read_refused(put(tree, "d.conf", "Include ${NOWHERE}/a.conf\n"),
                 "${NOWHERE} is not defined");
    read_refused(apr_pstrcat(pool, tree->dir, "/nowhere", NULL),
                 "/nowhere: cannot be read: No such file");
    read_refused(tree->dir, "cannot be read: Is a directory");
}

CLAIM(a_file_that_includes_itself_is_refused)
{
    tree_t *tree = make_tree();

    BEGIN;
    put(tree, "b.conf", "Include a.conf\n");
    read_refused(put(tree, "a.conf", "Include b.conf\n"), "b.conf line 1: '");
    read_refused(put(tree, "c.conf", "Include ./././c.conf\n"),
                 "is being read already; a file must not include itself");
    IS_INT(symlink("d.conf", apr_pstrcat(pool, tree->dir, "/e.conf", NULL)), 0);
    read_refused(put(tree, "d.conf", "Include e.conf\n"),
                 "must not include itself");
    /* twice, one after the other, is no circle */
    put(tree, "g.conf", "MLGateAllow ::1\n");
    IS_INT(read_good(put(tree, "f.conf", "Include g.conf\nInclude g.conf\n"))
               .allow->nelts,
           2);
}

CLAIM(includes_end_at_twenty_levels)
{
    tree_t *tree = make_tree();

    BEGIN;
    for (int i = 0; i < 30; i++) {
        put(tree, apr_psprintf(pool, "%d.conf", i),
            apr_psprintf(pool, "Include %d.conf\n", i + 1));
    }
    read_refused(apr_pstrcat(pool, tree->dir, "/0.conf", NULL),
                 "20.conf line 1: Include is nested deeper than 20 levels");
    put(tree, "30.conf", "MLGateThreshold 0.5\n");
    IS_INT(read_good(apr_pstrcat(pool, tree->dir, "/10.conf", NULL))
               .settings.threshold,
           500000);
}

CLAIM(a_fan_of_includes_ends_at_4096_files)
{
    tree_t *tree = make_tree();

    BEGIN;
    put(tree, "13.conf", "");
    for (int i = 0; i < 13; i++) {
        put(tree, apr_psprintf(pool, "%d.conf", i),
            apr_psprintf(pool, "Include %d.conf\nInclude %d.conf\n", i + 1,
                         i + 1));
    }
    read_refused(apr_pstrcat(pool, tree->dir, "/0.conf", NULL),
                 "this makes more than 4096 files");
}

CLAIM(a_section_must_end_in_the_file_it_begins_in)
{
    tree_t *tree = make_tree();

    BEGIN;
    put(tree, "open.conf", "<Location />\n");
    put(tree, "close.conf", "</Location>\n");
    read_refused(put(tree, "a.conf", "Include open.conf\n</Location>\n"),
                 "open.conf line 1: <Location> is not closed");
    read_refused(put(tree, "b.conf", "<Location />\nInclude close.conf\n"),
                 "close.conf line 1: </Location> closes a section that was not "
                 "opened here");
}

CLAIM(the_environment_stands_behind_what_is_defined)
{
    tree_t *tree = make_tree();

    BEGIN;
    setenv("MLG_TEST_THRESHOLD", "0.5", 1);
    IS_INT(read_good(
               put(tree, "a.conf", "MLGateThreshold ${MLG_TEST_THRESHOLD}\n"))
               .settings.threshold,
           500000);
    IS_INT(read_good(put(tree, "b.conf",
                         "Define MLG_TEST_THRESHOLD 0.6\n"
                         "MLGateThreshold ${MLG_TEST_THRESHOLD}\n"))
               .settings.threshold,
           600000);
}

CLAIM(an_allow_list_is_read_from_its_file)
{
    tree_t *tree = make_tree();
    mlg_config_t config;

    BEGIN;
    put(tree, "lists/a", "# partners\n192.0.2.1 # one\r\n\n2001:db8::/32\n");
    put(tree, "lists/bad", "192.0.2.1\n\n\nexample.org\n");
    config = read_good(
        put(tree, "a.conf", "MLGateAllow 192.0.2.9 file:lists/a ::1\n"));
    IS_INT(config.allow->nelts, 4);
    read_refused(put(tree, "b.conf", "MLGateAllow file:lists/bad\n"),
                 "lists/bad line 4: MLGateAllow: 'example.org': not an IPv4");
    read_refused(put(tree, "c.conf", "MLGateAllow file:lists/none\n"),
                 "c.conf line 1: MLGateAllow: cannot read 'lists/none': No "
                 "such file");
}

CLAIM(a_file_beyond_16_MiB_is_refused)
{
    BEGIN;
    read_refused("/dev/zero", "larger than 16 MiB");
}

/* ---- single lines ------------------------------------------------------- */

CLAIM(a_line_is_set_over_what_was_read)
{
    mlg_config_t config =
        good("MLGateThreshold 0.7\nMLGateAllow 192.0.2.1\n", NULL);

    BEGIN;
    IS_INT(mlg_config_set(&config, "MLGateThreshold 0.5"), APR_SUCCESS);
    IS_INT(mlg_config_set(&config, " mlgateweight burst '1' 2 \"0.5\""),
           APR_SUCCESS);
    IS_INT(mlg_config_set(&config, "MLGateAllow ::1 192.0.2.2"), APR_SUCCESS);
    IS_INT(config.settings.threshold, 500000);
    IS_INT(config.weights.given, UINT64_C(1) << mlg_feature_find("burst"));
    IS_INT(config.allow->nelts, 3);
}

CLAIM(a_line_that_says_nothing_about_a_log_is_refused)
{
    static const struct {
        const char *line;
        const char *why;
    } bad[] = {
        {"", "there is no directive ''"},
        {"Threshold 0.5", "there is no directive 'Threshold'"},
        {"MLGateTreshold 0.5", "is it MLGateThreshold?"},
        {"MLGateThreshold", "MLGateThreshold: MLGateThreshold takes one"},
        {"MLGateThreshold 5", "MLGateThreshold 5: '5' is out of range"},
        {"MLGateExempt true", "MLGateExempt says nothing about a log"},
        {"MLGateEventLog x", "MLGateEventLog says nothing about a log"},
        {"MLGateAllow file:/none", "cannot read '/none': No such file"},
    };

    BEGIN;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        mlg_config_t config = good("", NULL);

        IS_INT(mlg_config_set(&config, bad[i].line), MLG_ECONFIG);
        says(config.why, bad[i].why);
    }
}

#define TREE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TREE(an_empty_configuration_is_the_defaults),
        TREE(every_directive_is_read_in_any_case),
        TREE(lines_are_read_as_httpd_reads_them),
        TREE(what_httpd_refuses_is_refused_with_its_place),
        TREE(an_argument_keeps_its_quoted_blanks_and_escapes),
        TREE(a_nul_byte_is_refused),
        TREE(conditions_are_taken_as_httpd_would_with_all_modules),
        TREE(what_a_condition_leaves_out_is_not_looked_at),
        TREE(a_variable_stands_for_its_value),
        TREE(values_that_grow_without_end_are_refused),
        TREE(a_text_never_sees_the_environment),
        TREE(lines_in_sections_are_checked_and_said_once_but_not_applied),
        TREE(an_expression_is_said_once_and_not_applied),
        TREE(a_macro_is_not_expanded_and_its_arguments_are_no_faults),
        TREE(the_virtual_host_that_is_named_wins_over_the_main_server),
        TREE(virtual_hosts_that_differ_have_to_be_told_apart),
        TREE(a_virtual_host_that_is_not_there_is_refused_with_those_that_are),
        TREE(the_only_virtual_host_with_lines_is_applied_and_said),
        TREE(virtual_hosts_that_say_the_same_are_one),
        TREE(one_name_on_two_ports_is_told_apart_by_the_port),
        TREE(a_fault_in_another_virtual_host_is_a_fault),
        TREE(include_follows_wildcards_in_order_below_the_first_file),
        TREE(include_is_relative_to_server_root),
        TREE(an_included_file_is_part_of_the_section_it_stands_in),
        TREE(a_directory_is_included_with_all_below_it),
        TREE(a_missing_file_matters_unless_it_is_optional),
        TREE(a_file_that_includes_itself_is_refused),
        TREE(includes_end_at_twenty_levels),
        TREE(a_fan_of_includes_ends_at_4096_files),
        TREE(a_section_must_end_in_the_file_it_begins_in),
        TREE(the_environment_stands_behind_what_is_defined),
        TREE(an_allow_list_is_read_from_its_file),
        TREE(a_file_beyond_16_MiB_is_refused),
        TREE(a_line_is_set_over_what_was_read),
        TREE(a_line_that_says_nothing_about_a_log_is_refused),
    };

    apr_initialize();
    return RUN(tests);
}

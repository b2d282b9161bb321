/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "mlg_word.h"

CLAIM(a_word_is_the_same_in_any_case)
{
    BEGIN;
    IS_TRUE(mlg_word_is_same("MLGateEngine", "mlgateENGINE"));
    IS_TRUE(mlg_word_is_same("", ""));
    IS_FALSE(mlg_word_is_same("top", "to"));
    IS_FALSE(mlg_word_is_same("to", "top"));
    IS_FALSE(mlg_word_is_same("[", "{")); /* 32 apart, as letters are */
}

CLAIM(each_slip_of_the_pen_counts_once)
{
    BEGIN;
    IS_INT(mlg_word_slips("replay", "replay"), 0);
    IS_INT(mlg_word_slips("Replay", "rePlay"), 0);
    IS_INT(mlg_word_slips("relay", "replay"), 1);
    IS_INT(mlg_word_slips("replayy", "replay"), 1);
    IS_INT(mlg_word_slips("reploy", "replay"), 1);
    IS_INT(mlg_word_slips("rpelay", "replay"), 2);
    IS_INT(mlg_word_slips("", "top"), 3);
    IS_INT(mlg_word_slips("top", ""), 3);
}

CLAIM(a_word_too_long_is_far_from_every_other)
{
    char word[MLG_WORD_MAX + 2];

    BEGIN;
    memset(word, 'a', sizeof(word));
    word[MLG_WORD_MAX] = '\0';
    IS_INT(mlg_word_slips(word, ""), MLG_WORD_MAX);
    word[MLG_WORD_MAX] = 'a';
    word[MLG_WORD_MAX + 1] = '\0';
    IS_INT(mlg_word_slips(word, "a"), MLG_WORD_FAR);
    IS_INT(mlg_word_slips("a", word), MLG_WORD_FAR);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_word_is_the_same_in_any_case),
        TEST(each_slip_of_the_pen_counts_once),
        TEST(a_word_too_long_is_far_from_every_other),
    };

    return RUN(tests);
}

/*
 * test_frame_config.c - which configurations of frames there are.
 */
#include "base/frame.h"

#include <errno.h>
#include <stdint.h>

#include "support/run.h"

START_TEST(frame_config_fills_in_the_default_of_max)
{
    const struct leat_frame_config config = {LEAT_LINE, 0, 0, _i == 1};
    struct leat_frame_config filled;

    ck_assert_int_eq(leat__frame_config(&filled, &config), 0);

    ck_assert_int_eq(filled.kind, LEAT_LINE);
    ck_assert_uint_eq(filled.max, 65536);
    ck_assert_int_eq(filled.skip_long, _i == 1);
}
END_TEST

static const struct {
    struct leat_frame_config config;
    int result;
} configs[] = {
    {{LEAT_RAW, 0, 0, false}, 0},
    {{LEAT_LINE, 0, 1, false}, 0},
    {{LEAT_LINE, 0, INT32_MAX, false}, 0},
    {{LEAT_LINE, 0, (size_t)INT32_MAX + 1, false}, -EINVAL},
    {{LEAT_LINE, 0, SIZE_MAX, false}, -EINVAL},
    {{LEAT_FIXED, 0, 0, false}, -EINVAL},
    {{LEAT_FIXED, 1, 0, false}, 0},
    {{LEAT_FIXED, 65536, 0, false}, 0},
    {{LEAT_FIXED, 65537, 0, false}, -EINVAL},
    {{LEAT_FIXED, 65537, 65537, false}, 0},
    {{LEAT_PREFIX, 0, 0, false}, -EINVAL},
    {{LEAT_PREFIX, 1, 0, false}, 0},
    {{LEAT_PREFIX, 2, 0, false}, 0},
    {{LEAT_PREFIX, 3, 0, false}, -EINVAL},
    {{LEAT_PREFIX, 4, 0, false}, 0},
    {{LEAT_PREFIX, 8, 0, false}, -EINVAL},
    {{(enum leat_framing)4, 1, 0, false}, -EINVAL},
    /* the end of a line that is too long can be found, and of nothing else */
    {{LEAT_LINE, 0, 0, true}, 0},
    {{LEAT_RAW, 0, 0, true}, -EINVAL},
    {{LEAT_FIXED, 1, 0, true}, -EINVAL},
    {{LEAT_PREFIX, 1, 0, true}, -EINVAL},
};

START_TEST(frame_config_is_checked)
{
    struct leat_frame_config filled;

    ck_assert_int_eq(
        leat__frame_config(&filled, &configs[_i].config), configs[_i].result);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("frame_config");
    TCase *tcase = tcase_create("frame_config");

    tcase_add_loop_test(tcase, frame_config_fills_in_the_default_of_max, 0, 2);
    tcase_add_loop_test(tcase, frame_config_is_checked, 0,
        (int)(sizeof configs / sizeof configs[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}

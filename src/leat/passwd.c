/*
 * passwd.c - leat passwd: an entry of a login file.
 *
 * On the path: a terminal or standard input -> crypt(3) -> a file.
 *
 * A password is never a word of the command line, which any process may see.
 * All that has held one is wiped.
 */
#include "command.h"

#include <leat/error.h>

#include <crypt.h>
#include <errno.h>
#include <string.h>
#include <termios.h>

#include "cli/file.h"
#include "cli/logins.h"
#include "cli/mem.h"
#include "cli/output.h"
#include "sys/sys.h"

#define SALT 16

struct password {
    char bytes[LOGINS_PASSWORD + 1];
    size_t len; /* what did not fit is counted too */
};

static enum exit_code
fail(struct complaint *wrong, const char *words, int error)
{
    complaint_say(wrong, words, NULL, error == 0 ? "" : leat_error_text(error));
    return CODE_FAILED;
}

static void
put_char(struct password *password, char c)
{
    if (password->len < LOGINS_PASSWORD) {
        password->bytes[password->len] = c;
        password->bytes[password->len + 1] = '\0';
    }
    password->len++;
}

/* --- from a terminal ------------------------------------------------------ */

static void
show(const char *words)
{
    output_offer(2, words, strlen(words));
}

/* 1 go on; 0 it is finished; -ECANCELED. */
static int
take_key(struct password *password, char key)
{
    switch (key) {
    case '\r':
    case '\n':
        return 0;
    case 3: /* ^C */
    case 4: /* ^D */
        return -ECANCELED;
    case 8: /* backspace, which has one of two codes */
    case 127:
        if (password->len > 0)
            password->len--;
        return 1;
    case 21: /* ^U */
        password->len = 0;
        return 1;
    default:
        put_char(password, key);
        return 1;
    }
}

static int
read_keys(struct password *password)
{
    char key;
    int go_on;

    password->len = 0;
    do {
        ssize_t count = leat__sys_read(0, &key, 1);
        go_on = count < 0    ? (int)count
                : count == 0 ? -ECANCELED
                             : take_key(password, key);
    } while (go_on > 0);
    explicit_bzero(&key, 1);
    if (password->len <= LOGINS_PASSWORD)
        password->bytes[password->len] = '\0'; /* some were taken back */
    return go_on;
}

static int
ask(const char *prompt, struct password *password)
{
    show(prompt);
    int error = read_keys(password);
    show("\n");
    return error;
}

static int
ask_twice(struct password *password)
{
    struct termios before;
    struct password again;
    int error = leat__sys_hide_keys(0, &before);

    if (error != 0)
        return error;
    error = ask("Password: ", password);
    if (error == 0)
        error = ask("Once more: ", &again);
    if (error == 0 && (again.len != password->len ||
                          strcmp(again.bytes, password->bytes) != 0))
        error = -EINVAL;
    explicit_bzero(&again, sizeof again);
    int shown = leat__sys_show_keys(0, &before);
    return error != 0 ? error : shown;
}

/* --- from anything else --------------------------------------------------- */

/* Byte by byte, so that what follows is left to who comes next. */
static int
read_one_line(struct password *password)
{
    char c;
    ssize_t count;

    while ((count = leat__sys_read(0, &c, 1)) > 0 && c != '\n')
        put_char(password, c);
    explicit_bzero(&c, 1);
    if (count < 0)
        return (int)count;
    if (password->len > 0 && password->len <= LOGINS_PASSWORD &&
        password->bytes[password->len - 1] == '\r')
        password->bytes[--password->len] = '\0';
    return 0;
}

/* What a hub could not be told in a line after the name. */
static const char *
judge(const struct password *password)
{
    if (password->len == 0)
        return "the password is empty";
    if (password->len > LOGINS_PASSWORD)
        return "the password has more than 511 bytes";
    if (strlen(password->bytes) != password->len)
        return "the password has a zero byte";
    if (password->bytes[0] == ' ')
        return "the password begins with a blank";
    return NULL;
}

static enum exit_code
read_password(struct password *password, struct complaint *wrong)
{
    int error = leat__sys_is_terminal(0) ? ask_twice(password)
                                         : read_one_line(password);
    const char *why = NULL;

    if (error == -EINVAL)
        return fail(wrong, "the two passwords differ", 0);
    if (error == -ECANCELED)
        return fail(wrong, "no password was typed", 0);
    if (error != 0)
        return fail(wrong, "cannot read the password: ", error);
    why = judge(password);
    return why == NULL ? CODE_OK : fail(wrong, why, 0);
}

/* --- the entry ------------------------------------------------------------ */

/* The hash, in data; NULL: it could not be made. */
static const char *
hash(const struct password *password, size_t cost, struct crypt_data *data)
{
    char salt[SALT], setting[CRYPT_GENSALT_OUTPUT_SIZE];

    if (leat__sys_random(salt, sizeof salt) != 0)
        return NULL;
    if (crypt_gensalt_rn(
            "$y$", cost, salt, sizeof salt, setting, sizeof setting) == NULL)
        return NULL;
    const char *made = crypt_r(password->bytes, setting, data);
    return made == NULL || made[0] == '*' ? NULL : made;
}

/* The beginning of a line, or the end of the file. */
static const char *
find_line(const char *at, const char *end, size_t line)
{
    while (--line > 0 && at < end) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        at = feed == NULL ? end : feed + 1;
    }
    return at;
}

/* The file with the entry in its line, or in a new one at the end if that is
 * 0. NULL: no memory. The caller's, by mem_give. */
static char *
put_entry(const char *old, size_t len, size_t line, const char *name,
    const char *made, struct text *text)
{
    const char *end = old + len;
    const char *head = line > 0 ? find_line(old, end, line) : end;
    const char *tail = line > 0 ? find_line(old, end, line + 1) : end;
    size_t size = len + strlen(name) + strlen(made) + 4;
    char *bytes = mem_take(size);

    if (bytes == NULL)
        return NULL;
    text_init(text, bytes, size);
    text_put(text, old, (size_t)(head - old));
    if (head > old && head[-1] != '\n')
        text_add(text, "\n");
    text_add(text, name);
    text_add(text, ":");
    text_add(text, made);
    text_add(text, "\n");
    text_put(text, tail, (size_t)(end - tail));
    return bytes;
}

/* The line that a name has in a file; 0 where it has none. */
static int
find_entry(const char *old, size_t len, const struct options *options,
    size_t *line, struct complaint *wrong)
{
    struct logins logins;
    char *copy = mem_take(len + 1);

    *line = 0;
    if (copy == NULL) {
        complaint_say(wrong, "no memory", NULL, "");
        return -ENOMEM;
    }
    memcpy(copy, old, len);
    int error =
        logins_parse(&logins, copy, len, options->words[0], LOGINS_NAME, wrong);
    if (error != 0)
        return error;
    const struct login *login =
        logins_find(&logins, options->words[1], strlen(options->words[1]));
    if (login != NULL)
        *line = login->line;
    logins_free(&logins);
    return 0;
}

/* --- the file ------------------------------------------------------------- */

static enum exit_code
complain_file(
    const char *before, const char *path, int error, struct complaint *wrong)
{
    char after[128];
    struct text text;

    text_init(&text, after, sizeof after);
    text_add(&text, ": ");
    text_add(&text, leat_error_text(error));
    complaint_say(wrong, before, path, text.bytes);
    return CODE_FAILED;
}

/* A link would be replaced by a file, and what it leads to left as it is. */
static enum exit_code
read_file(const char *path, char **bytes, size_t *len, struct complaint *wrong)
{
    struct stat st;
    int error = leat__sys_lstat(path, &st);

    *bytes = NULL;
    *len = 0;
    if (error == -ENOENT)
        return CODE_OK;
    if (error == 0 && !S_ISREG(st.st_mode)) {
        complaint_say(wrong, "not a plain file:", path, "");
        return CODE_FAILED;
    }
    if (error == 0)
        error = file_read(path, LOGINS_FILE, bytes, len);
    return error == 0 ? CODE_OK
                      : complain_file("cannot read", path, error, wrong);
}

static enum exit_code
write_entry(const struct options *options, const char *old, size_t len,
    const char *made, struct complaint *wrong)
{
    const char *path = options->words[0];
    struct text text;
    size_t line;

    if (find_entry(old, len, options, &line, wrong) != 0)
        return CODE_FAILED;
    char *bytes = put_entry(old, len, line, options->words[1], made, &text);
    if (bytes == NULL)
        return fail(wrong, "no memory", 0);
    int error = file_replace(path, text.bytes, text.len, 0600);
    explicit_bzero(bytes, text.size);
    mem_give(bytes);
    return error == 0 ? CODE_OK
                      : complain_file("cannot write", path, error, wrong);
}

/* The file is read only now: what somebody has changed while the password was
 * being typed is kept. */
static enum exit_code
store(const struct options *options, const char *made, struct complaint *wrong)
{
    char *old;
    size_t len;
    enum exit_code code = read_file(options->words[0], &old, &len, wrong);

    if (code != CODE_OK)
        return code;
    code = write_entry(options, old == NULL ? "" : old, len, made, wrong);
    if (old != NULL)
        explicit_bzero(old, len);
    mem_give(old);
    return code;
}

static enum exit_code
hash_and_store(const struct options *options, const struct password *password,
    struct complaint *wrong)
{
    struct crypt_data *data = mem_take(sizeof *data);

    if (data == NULL)
        return fail(wrong, "no memory", 0);
    const char *made = hash(password, options->cost, data);
    enum exit_code code = made == NULL
                              ? fail(wrong, "cannot hash the password", 0)
                              : store(options, made, wrong);
    explicit_bzero(data, sizeof *data);
    mem_give(data);
    return code;
}

static enum exit_code
run(const struct options *options, struct complaint *wrong)
{
    const char *name = options->words[1];
    struct password password = {.len = 0};

    if (!logins_is_name(name, strlen(name))) {
        complaint_say(
            wrong, "wrong NAME", name, ": 1-32 letters, digits, _ . and -");
        return CODE_USAGE;
    }
    enum exit_code code = read_password(&password, wrong);
    if (code == CODE_OK)
        code = hash_and_store(options, &password, wrong);
    explicit_bzero(&password, sizeof password);
    return code;
}

static const struct option_row rows[] = {
    {{"cost", &key_count, OPTION(cost), 1, 11, NULL,
         "of a try: each step doubles its time; default 5"},
        0, NULL},
    {{"help", &key_flag, OPTION(help), 0, 0, NULL, "print this and end"}, 'h',
        NULL},
};

const struct command command_passwd = {.name = "passwd",
    .usage = "FILE NAME",
    .purpose = "write an entry of a login file (login= of a hub)",
    .more = "Write the entry of NAME into FILE, which is made if need be: a "
            "hash of the\n"
            "password, by yescrypt. All other lines stay as they are. The "
            "password is\n"
            "typed twice and not shown; where standard input is no terminal it "
            "is one\n"
            "line of that. FILE is replaced as a whole, with mode 0600. leatd "
            "reads it\n"
            "again on HUP.\n",
    .words_min = 2,
    .words_max = 2,
    .rows = rows,
    .row_count = COUNT(rows),
    .run = run};

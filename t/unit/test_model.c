
/*
 * Copyright (C) The credverify authors
 *
 * Sequences of everything that can become of a credential, as by command, by
 * API and by import, made by dice, done to a real store and to a small model of
 * what the contract says (model.h): they must agree about what is refused and
 * why, and after each step about every record, number, date and verdict; at the
 * end about the audit trail, and what webhooks are told.
 *
 *     MODEL_SEED=1 MODEL_SEQUENCES=10000 MODEL_FIRST=0 test_model
 *
 * A sequence depends on the seed and its number alone; MODEL_FIRST is the first
 * number.  One that fails is made as short as it gets by leaving steps out, and
 * printed.
 */

#include "world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define SEQUENCES  10000
#define SEED       1
#define MAP        ((size_t) 4 << 30)


/* in LMDB's place: what is lost with the power is not what is looked at here */

int
fdatasync(int fd)
{
    (void) fd;

    return 0;
}


/* Sequences */

/* Those of the sequence before. */

static void
empty_queue(cv_txn_t *txn, uint64_t webhook)
{
    bool            found;
    cv_walk_t       walk;
    cv_delivery_t   delivery;

    do {
        cv_deliveries_open(&walk, txn, webhook, CV_DELIVERY_WAITING);
        found = cv_walk_next(&walk, &delivery, NULL);
        cv_walk_close(&walk);

    } while (found && cv_delivery_done(txn, &delivery));
}


static void
empty_queues(world_t *world)
{
    cv_txn_t  *txn;

    assert_int_equal(cv_txn_begin(&txn, world->store, &error), CV_OK);
    empty_queue(txn, WORLD_HOOK_ALL);
    empty_queue(txn, WORLD_HOOK_REVOKED);
    empty_queue(txn, 0);
    assert_int_equal(cv_txn_commit(txn, &error), CV_OK);
}


static void
begin_world(world_t *world)
{
    int    i;
    char   issuer[MODEL_TEXT];
    FILE  *lines;

    model_begin(&world->model, ++world->runs);
    world->why[0] = '\0';
    empty_queues(world);

    if (world->lines != NULL) {
        (void) fclose(world->lines);
        world->lines = NULL;
    }

    lines = lines_open();
    model_issuer_id(&world->model, issuer);

    line_begin(lines, "issuer");
    line_add(lines, "id", issuer);
    line_add(lines, "name", "Issuer");
    (void) fputs("}\n", lines);

    for (i = 0; i < MODEL_CLASSES; i++) {
        line_begin(lines, "class");
        line_class(lines, &world->model, i);
        (void) fputs("}\n", lines);
    }

    if (lines_import(world, lines) != CV_OK) {
        fail_msg("%s", error.text);
    }
}


/* What was taken by a batch so far is there now, or nothing of it. */

static bool
end_batch(world_t *world, unsigned refused, bool last)
{
    FILE  *lines;

    lines = world->lines;
    world->lines = NULL;

    if (refused) {
        world->model = world->before;
    }

    return agree(world, refused, lines_import(world, lines))
           && same(world, last);
}


static bool
step_import(world_t *world, const op_t *op, const given_t *given, bool last)
{
    unsigned  refused;

    if (world->lines == NULL) {
        world->lines = lines_open();
        world->model.tell = op->tell;
        world->before = world->model;
    }

    refused = model_do(&world->model, op);
    world->refused += refused != 0;
    line_write(world->lines, &world->model, op, given);

    return (op->more && !refused && !last)
           || end_batch(world, refused, last);
}


static bool
step_write(world_t *world, const op_t *op, const given_t *given, bool last)
{
    cv_err_t  err;
    unsigned  refused;

    cv_moment_init(&world->moment, world->model.now);

    refused = model_do(&world->model, op);
    world->refused += refused != 0;
    err = op->kind == OP_TIME ? CV_OK : do_write(world, op, given);

    cv_moment_free(&world->moment);

    return world->why[0] == '\0' && agree(world, refused, err)
           && same(world, last);
}


static bool
imports(const op_t *op)
{
    return op->kind == OP_IMPORT || op->kind == OP_HOLDER
           || op->kind == OP_CLASS;
}


static bool
do_step(world_t *world, const op_t *op, bool last)
{
    given_t  given;

    error.text[0] = '\0';
    world->steps++;

    give(&world->model, op, &given);

    if (imports(op)) {
        return step_import(world, op, &given, last);
    }

    return (world->lines == NULL || end_batch(world, 0, false))
           && step_write(world, op, &given, last);
}


/* How many steps it took to fail; 0 if none did. */

static int
run(world_t *world, const op_t *ops, int n)
{
    int  i;

    begin_world(world);

    for (i = 0; i < n; i++) {
        if (!do_step(world, &ops[i], i == n - 1)) {
            return i + 1;
        }
    }

    return 0;
}


/* Leaves out whatever it fails without. */

static int
shrink(world_t *world, op_t *ops, int n)
{
    int   at, part, failed;
    op_t  fewer[MODEL_OPS];

    for (part = n / 2; part > 0; part = part > 1 ? part / 2 : 0) {

        for (at = 0; at + part <= n; /* void */) {
            memcpy(fewer, ops, sizeof(op_t) * (size_t) at);
            memcpy(fewer + at, ops + at + part,
                   sizeof(op_t) * (size_t) (n - at - part));

            failed = n > part ? run(world, fewer, n - part) : 0;

            if (failed) {
                n = failed;
                memcpy(ops, fewer, sizeof(op_t) * (size_t) n);
            } else {
                at++;
            }
        }
    }

    return n;
}


static const char *const  op_names[OP_KINDS] = {
    "create", "issue", "move", "send", "token", "revoke token", "progress",
    "import", "holder", "erase", "class", "time"
};

static const char *const  op_members[] = {
    "slot", "class", "holder", "status", "issued", "expires", "revoked",
    "updated", "forever", "number", "seq", "reason", "score", "test",
    "privacy", "days", "token", "practice", "learn", "advance", "more",
    "tell", "api"
};

_Static_assert(sizeof(op_t) == sizeof(int) * (CV_COUNT(op_members) + 1),
               "a member of op_t without a name");


static void
show(const op_t *op)
{
    int     values[CV_COUNT(op_members) + 1];
    size_t  i;

    memcpy(values, op, sizeof(values));
    fprintf(stderr, "#     %s", op_names[op->kind]);

    for (i = 0; i < CV_COUNT(op_members); i++) {
        if (strcmp(op_members[i], "status") == 0) {
            fprintf(stderr, " %s", cv_status_names[op->status]);
        } else if (values[i + 1] != 0) {
            fprintf(stderr, " %s=%d", op_members[i], values[i + 1]);
        }
    }

    fprintf(stderr, "\n");
}


/* SplitMix64 */

static uint64_t
roll(world_t *world)
{
    uint64_t  z;

    z = (world->dice += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;

    return z ^ z >> 31;
}


static int
dice(world_t *world, int sides)
{
    return (int) (roll(world) % (uint64_t) sides);
}


/* 0, which is nothing or what is usual, more often than not */

static int
seldom(world_t *world, int sides)
{
    return dice(world, 5) < 3 ? 0 : dice(world, sides);
}


static void
make_op(world_t *world, op_t *op)
{
    size_t  i;

    /* how often of each kind */

    static const uint8_t  kinds[] = {
        OP_CREATE, OP_CREATE, OP_CREATE, OP_CREATE, OP_ISSUE, OP_ISSUE,
        OP_ISSUE, OP_ISSUE, OP_MOVE, OP_MOVE, OP_MOVE, OP_MOVE, OP_MOVE,
        OP_MOVE, OP_SEND, OP_TOKEN, OP_TOKEN, OP_TOKEN_REVOKE, OP_PROGRESS,
        OP_PROGRESS, OP_PROGRESS, OP_IMPORT, OP_IMPORT, OP_IMPORT, OP_HOLDER,
        OP_ERASE, OP_CLASS, OP_CLASS, OP_CLASS, OP_TIME, OP_TIME, OP_TIME
    };

    static const uint8_t  begin[] = {
        CV_STATUS_DRAFT, CV_STATUS_DRAFT, CV_STATUS_PENDING, CV_STATUS_ISSUED,
        CV_STATUS_ISSUED, CV_STATUS_ISSUED
    };

    static const uint8_t  api[] = { 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2 };

    /* numbers are to meet those of a class */

    static const uint8_t  numbers[] = {
        NUMBER_YEARLY, NUMBER_YEARLY, NUMBER_YEARLY, NUMBER_PLAIN,
        NUMBER_OTHER, NUMBER_SHORT, NUMBER_FREE
    };

    static const uint8_t  formats[] = {
        NUMBER_YEARLY, NUMBER_YEARLY, NUMBER_YEARLY, NUMBER_PLAIN,
        NUMBER_OTHER, NUMBER_NONE
    };

    i = (size_t) dice(world, CV_COUNT(kinds));
    op->kind = kinds[i];
    op->slot = dice(world, MODEL_SLOTS + 1 + seldom(world, 3));
    op->class = seldom(world, MODEL_CLASSES);
    op->holder = seldom(world, 2 * MODEL_NAMES + 1);
    op->issued = seldom(world, MODEL_DATES);
    op->expires = seldom(world, MODEL_DATES);
    op->revoked = seldom(world, MODEL_DATES);
    op->updated = seldom(world, MODEL_DATES);
    op->forever = seldom(world, 2);
    op->number = dice(world, 2) == 0
                 ? NUMBER_NONE : numbers[dice(world, CV_COUNT(numbers))];
    op->seq = dice(world, 24);
    op->reason = dice(world, 4);
    op->score = seldom(world, 2);
    op->test = seldom(world, 2);
    op->privacy = dice(world, 2);
    op->days = dice(world, 3);
    op->token = dice(world, 4);
    op->practice = dice(world, 4);
    op->learn = dice(world, 4);
    op->advance = dice(world, MODEL_ADVANCES);
    op->more = dice(world, 2);
    op->tell = dice(world, 2);
    op->api = 0;
    op->status = dice(world, CV_STATUSES);

    switch (op->kind) {

    case OP_CREATE:
        op->status = dice(world, 8) == 0
                     ? op->status : begin[dice(world, CV_COUNT(begin))];
        break;

    case OP_MOVE:
        /* issuing is a step of its own, and nothing becomes a draft */
        op->status = op->status == CV_STATUS_ISSUED
                     || op->status == CV_STATUS_DRAFT
                     ? CV_STATUS_REVOKED : op->status;
        break;

    case OP_CLASS:
        op->days = seldom(world, 4);
        op->number = formats[dice(world, CV_COUNT(formats))];
        break;

    default:
        break;
    }

    /* what both can, and that which only an API can */

    if (op->kind == OP_SEND) {
        op->api = 1 + (dice(world, 10) == 0);

    } else if (op->kind == OP_CREATE || op->kind == OP_MOVE
               || op->kind == OP_ISSUE || op->kind == OP_PROGRESS)
    {
        op->api = api[dice(world, CV_COUNT(api))];
    }
}


/* Somebody and something to begin with, most of the time. */

static int
make(world_t *world, op_t ops[MODEL_OPS], uint64_t seed, uint64_t sequence)
{
    int  i, n;

    world->dice = seed;
    world->dice = roll(world) ^ sequence;

    n = 4 + dice(world, MODEL_OPS - 3);

    for (i = 0; i < n; i++) {
        make_op(world, &ops[i]);

        if (i > 0 && imports(&ops[i - 1]) && ops[i - 1].more
            && dice(world, 3) > 0)
        {
            ops[i].kind = dice(world, 4) == 0 ? OP_CLASS : OP_IMPORT;
        }

        /* the same again */

        if (i > 0 && dice(world, 10) == 0) {
            ops[i] = ops[i - 1];
        }

        if (i < MODEL_NAMES && dice(world, 8) > 0) {
            ops[i].kind = OP_HOLDER;
            ops[i].holder = i;

        } else if (i == MODEL_NAMES) {
            ops[i].kind = OP_CLASS;
        }

        if (imports(&ops[i])) {
            ops[i].api = 0;

        } else if (ops[i].kind == OP_CREATE && ops[i].api) {
            ops[i].reason |= 2;         /* a name there must be */
        }
    }

    return n;
}


static uint64_t
from_environment(const char *name, uint64_t otherwise)
{
    const char  *value;

    value = getenv(name);

    return value != NULL ? strtoull(value, NULL, 10) : otherwise;
}


static void
test_sequences(void **state)
{
    int        i, n;
    op_t       ops[MODEL_OPS];
    world_t   *world = *state;
    uint64_t   seed, sequence, sequences;

    seed = from_environment("MODEL_SEED", SEED);
    sequences = from_environment("MODEL_SEQUENCES", SEQUENCES);

    for (sequence = from_environment("MODEL_FIRST", 0);
         sequence < sequences; sequence++)
    {
        n = make(world, ops, seed, sequence);
        n = run(world, ops, n);

        if (n == 0) {
            continue;
        }

        fprintf(stderr, "# seed %" PRIu64 ", sequence %" PRIu64 ", %d steps: "
                "%s\n", seed, sequence, n, world->why);

        n = shrink(world, ops, n);
        (void) run(world, ops, n);

        for (i = 0; i < n; i++) {
            show(&ops[i]);
        }

        fail_msg("%s", world->why);
    }

    fprintf(stderr, "# seed %" PRIu64 ", %" PRIu64 " sequences, %" PRIu64
            " steps, %" PRIu64 " of them refused\n", seed, sequences,
            world->steps, world->refused);
}


/* The store that all of them were done to is a whole one. */

static void
report(void *data, const char *problem)
{
    (void) data;
    fprintf(stderr, "# %s\n", problem);
}


static void
test_check(void **state)
{
    world_t   *world = *state;
    uint64_t   records;

    assert_int_equal(cv_snapshot_renew(world->snapshot), CV_OK);
    assert_int_equal(cv_store_check(world->snapshot, report, NULL, &records),
                     0);
}


static int
setup_world(void **state)
{
    FILE                *lines;
    world_t             *world;
    cv_store_options_t   options;

    const cv_str_t  form = CV_STR("{\"class\":\"class\","
        "\"holder.id\":\"holder\",\"holder.name\":\"name\","
        "\"holder.email\":\"email\",\"issued_at\":\"issued\","
        "\"expires_at\":\"expires\",\"number\":\"number\","
        "\"method\":\"method\",\"reason\":\"reason\","
        "\"practice\":\"practice\",\"learn\":\"learn\"}");

    world = calloc(1, sizeof(world_t));
    *state = world;

    (void) snprintf(world->dir, sizeof(world->dir), "%s/cv_model.XXXXXX",
                    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");

    memset(&options, 0, sizeof(options));
    options.map_size = MAP;
    options.owner = (unsigned) -1;
    options.group = (unsigned) -1;
    memcpy(options.uuid, "0123456789abcdef", CV_STORE_UUID_LEN);

    world->verifier = cv_verifier_new();

    if (world->verifier == NULL
        || cv_managed_init(&world->managed, &error) != CV_OK
        || cv_form_compile(&world->form, "form", form, &error) != CV_OK
        || mkdtemp(world->dir) == NULL
        || cv_store_create(world->dir, &options, &error) != CV_OK
        || cv_store_open(&world->store, world->dir, true, &error) != CV_OK
        || cv_snapshot_open(&world->snapshot, world->store, &error) != CV_OK)
    {
        fprintf(stderr, "# %s\n", error.text);
        return -1;
    }

    lines = lines_open();
    line_begin(lines, "webhook");
    line_add(lines, "id", "all");
    line_add(lines, "url", "https://all.example/");
    (void) fputs("}\n", lines);

    line_begin(lines, "webhook");
    line_add(lines, "id", "revoked");
    line_add(lines, "url", "https://revoked.example/");
    (void) fputs(",\"events\":[\"credential.revoked\"]}\n", lines);

    return lines_import(world, lines) == CV_OK ? 0 : -1;
}


static int
teardown_world(void **state)
{
    size_t    i;
    char      path[128];
    world_t  *world = *state;

    static const char *const  files[] = { "data.mdb", "lock.mdb" };

    cv_snapshot_close(world->snapshot);
    cv_store_close(world->store);
    cv_managed_free(&world->managed);
    cv_form_free(world->form);
    cv_verifier_free(world->verifier);

    for (i = 0; i < CV_COUNT(files); i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", world->dir, files[i]);
        (void) unlink(path);
    }

    (void) rmdir(world->dir);
    free(world);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests_name("model", tests, setup_world,
                                       teardown_world);
}

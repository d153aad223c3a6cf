
/*
 * Copyright (C) The credverify authors
 *
 * Tortures a store: damages its file in some way, and has a worker's calls, a
 * check and a writer at it, each in a process of its own.  What must hold:
 *
 *     nobody dies, nobody hangs, nobody runs off with memory;
 *     an answer is the right one, or an error;
 *     or else the check reports a problem.
 *
 *     torture [-s SEED] [-n CASES] [-c CASE] [-k DIRECTORY]
 *
 * A case depends on the seed and its number alone, and -c repeats it.  The
 * files of cases that fail are kept in the directory, if there is one.
 *
 *     torture -r STORE
 *
 * Takes every reader's slot of a store that is left, says how many these are,
 * and keeps them until it is ended.
 */

#include "mutate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT      30         /* seconds; a case takes some milliseconds */
#ifndef WRITE_EVERY
#define WRITE_EVERY  3
#endif

/* what the children say, in memory that is shared */

typedef struct {
    bool        done;
    bool        refused;            /* to open it */
    bool        written;
    unsigned    wrong;
    unsigned    errors;
    unsigned    alike;              /* a bit for each version it is just like */
    uint64_t    problems;
    char        problem[CV_ERROR_TEXT_MAX];     /* the first */
    char        said[CV_ERROR_TEXT_MAX];
} report_t;

typedef struct {
    subject_t   subject;
    damage_t    damage;
    char        dir[64];
    report_t   *report;

    uint64_t    seed;
    unsigned    cases;
    long        only;
    const char *keep;
    const char *readers;

    unsigned    failures, refused, clean, errors, caught, older, written;
} torture_t;


static const char *
torture_temp(void)
{
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}


/* A worker */

static void
torture_problem(void *data, const char *problem)
{
    report_t  *report = data;

    if (report->problems++ == 0) {
        (void) snprintf(report->problem, sizeof(report->problem), "%s",
                        problem);
    }
}


typedef struct {
    cv_txn_t   *snapshot;
    report_t   *report;
} checking_t;


static void
torture_check(void *arg)
{
    checking_t  *checking = arg;

    uint64_t     records;
    cv_error_t   error;

    if (cv_snapshot_renew(checking->snapshot) == CV_OK) {
        (void) cv_store_check(checking->snapshot, torture_problem,
                              checking->report, &records);
    }

    if (cv_txn_err(checking->snapshot, &error) != CV_OK) {
        torture_problem(checking->report, error.text);
    }
}


/* what health and export do */

static void
torture_walk(void *arg)
{
    checking_t  *checking = arg;

    unsigned          kind;
    cv_walk_t         walk;
    cv_record_t       record;
    cv_store_stat_t   stat;

    if (cv_snapshot_renew(checking->snapshot) != CV_OK
        || cv_store_stat(checking->snapshot, &stat) != CV_OK)
    {
        return;
    }

    for (kind = 0; kind < CV_KINDS; kind++) {
        cv_walk_open(&walk, checking->snapshot, (cv_kind_t) kind);

        while (cv_walk_next(&walk, &record, NULL)) {
            cv_unresolve(checking->snapshot, (cv_kind_t) kind, &record);
        }

        cv_walk_close(&walk);
    }
}


static void
torture_compare(torture_t *torture, const query_t *query, answer_t answer)
{
    size_t      i, v;
    report_t   *report;
    answer_t  (*expected)[SUBJECT_QUERIES];

    report = torture->report;
    expected = torture->subject.answers;
    i = (size_t) (query - torture->subject.queries);

    if (query->touched && report->written) {
        return;
    }

    if (answer.err != CV_OK) {
        report->errors++;

    } else if (answer.digest != expected[SUBJECT_NEWEST][i].digest) {
        report->wrong++;
        (void) snprintf(report->said, sizeof(report->said), "%s %.*s",
                        query->by == CV_BY_COUNT
                        ? "key" : (const char *) cv_by_names[query->by].data,
                        query->by == CV_BY_COUNT ? 0 : (int) query->len,
                        query->text);
    }

    for (v = 0; v < SUBJECT_VERSIONS; v++) {
        if (answer.err != CV_OK || answer.digest != expected[v][i].digest) {
            report->alike &= ~(1U << v);
        }
    }
}


static void
torture_read(torture_t *torture)
{
    size_t          i, pass;
    report_t       *report;
    cv_store_t     *store;
    cv_error_t      error;
    checking_t      checking;
    cv_verifier_t  *verifier;

    report = torture->report;
    report->alike = (1U << SUBJECT_VERSIONS) - 1;

    if (cv_store_open(&store, torture->dir, false, &error) != CV_OK) {
        report->refused = true;
        (void) snprintf(report->said, sizeof(report->said), "%s", error.text);
        return;
    }

    if (cv_snapshot_open(&checking.snapshot, store, &error) != CV_OK) {
        cv_store_close(store);
        report->refused = true;
        (void) snprintf(report->said, sizeof(report->said), "%s", error.text);
        return;
    }

    checking.report = report;
    verifier = cv_verifier_new();

    if (verifier == NULL || cv_snapshot_remember(checking.snapshot) != CV_OK) {
        abort();
    }

    /* the second time, from what is remembered */

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < torture->subject.nqueries; i++) {
            torture_compare(torture, &torture->subject.queries[i],
                            subject_ask(store, checking.snapshot, verifier,
                                        &torture->subject.queries[i]));
        }

        if (cv_store_probe(store, &error) != CV_OK) {
            report->errors++;
        }

        cv_snapshot_reset(checking.snapshot);
    }

    if (cv_store_guard(store, torture_walk, &checking) != CV_OK) {
        report->errors++;
    }

    if (cv_store_guard(store, torture_check, &checking) != CV_OK) {
        torture_problem(report, "the file cannot be read");
    }

    cv_snapshot_close(checking.snapshot);
    cv_store_close(store);
    cv_verifier_free(verifier);
}


/* A writer, as the command does it */

typedef struct {
    cv_store_t   *store;
    report_t     *report;
} writing_t;


static void
torture_write_guarded(void *arg)
{
    writing_t  *writing = arg;

    cv_txn_t    *txn;
    cv_error_t   error;

    if (cv_txn_begin(&txn, writing->store, &error) != CV_OK) {
        return;
    }

    subject_write(txn);

    writing->report->written = cv_txn_commit(txn, &error) == CV_OK;
}


static void
torture_write(torture_t *torture)
{
    writing_t   writing;
    cv_error_t  error;

    writing.report = torture->report;

    if (cv_store_open(&writing.store, torture->dir, true, &error) != CV_OK) {
        return;
    }

    if (cv_store_guard(writing.store, torture_write_guarded, &writing)
        != CV_OK)
    {
        /* the command leaves what was going on as it is, too */
        torture->report->done = true;
        _exit(0);
    }

    cv_store_close(writing.store);
}


/* Judging */

static void
torture_fail(torture_t *torture, unsigned n, const char *who, const char *what)
{
    char  path[512];

    torture->failures++;

    printf("not ok: seed %llu case %u:%s: %s: %s\n",
           (unsigned long long) torture->seed, n, torture->damage.what, who,
           what);

    if (torture->keep != NULL) {
        (void) snprintf(path, sizeof(path), "%s/%llu-%u", torture->keep,
                        (unsigned long long) torture->seed, n);

        if (mkdir(path, 0700) == 0 || errno == EEXIST) {
            subject_file(path, torture->damage.bytes, torture->damage.len);
            printf("    kept in %s\n", path);
        }
    }
}


/* false if the child came to no end of its own */

static bool
torture_child(torture_t *torture, unsigned n, const char *who,
    void (*fn)(torture_t *torture))
{
    int    status;
    char   text[64];
    pid_t  pid;

    torture->report->done = false;
    (void) fflush(NULL);

    pid = fork();

    if (pid == 0) {
        (void) alarm(TIMEOUT);
        fn(torture);
        torture->report->done = true;
        exit(0);
    }

    if (pid == -1 || waitpid(pid, &status, 0) != pid) {
        perror("torture");
        exit(2);
    }

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0
        && torture->report->done)
    {
        return true;
    }

    if (WIFSIGNALED(status)) {
        (void) snprintf(text, sizeof(text), "%s",
                        WTERMSIG(status) == SIGALRM
                        ? "hangs" : strsignal(WTERMSIG(status)));
    } else {
        (void) snprintf(text, sizeof(text), "exit status %d",
                        WEXITSTATUS(status));
    }

    torture_fail(torture, n, who, text);

    return false;
}


/*
 * An older state of the store, whole, is what a meta page leads to that was
 * never written: that is no damage to be seen in the file.
 */

static bool
torture_is_older(const torture_t *torture)
{
    return torture->damage.meta && torture->report->problems == 0
           && torture->report->alike != 0;
}


static void
torture_judge(torture_t *torture, unsigned n, const char *who)
{
    char      text[CV_ERROR_TEXT_MAX + 80];
    report_t  *report;

    report = torture->report;

    if (report->refused) {
        torture->refused++;

        if (report->said[0] == '\0') {
            torture_fail(torture, n, who, "refused without a word");
        }

    } else if (report->wrong == 0) {

        if (report->problems > 0 || report->errors > 0) {
            torture->errors++;
        } else {
            torture->clean++;
        }

        if (report->errors > 0 && report->problems == 0) {
            torture_fail(torture, n, who, "errors, and the check sees none");
        }

    } else if (report->problems > 0) {
        torture->caught++;

    } else if (torture_is_older(torture)) {
        torture->older++;

    } else {
        (void) snprintf(text, sizeof(text), "%u wrong answers (%s), and the "
                        "check sees none", report->wrong, report->said);
        torture_fail(torture, n, who, text);
    }
}


static void
torture_case(torture_t *torture, unsigned n)
{
    dice_t  d;

    d.state = torture->seed * 1000003 + n;
    mutate(&torture->damage, &d, &torture->subject);

    memset(torture->report, 0, sizeof(report_t));
    subject_file(torture->dir, torture->damage.bytes, torture->damage.len);

    if (torture->only >= 0) {
        printf("case %u:%s\n", n, torture->damage.what);
    }

    if (torture_child(torture, n, "worker", torture_read)) {
        torture_judge(torture, n, "worker");
    }

    if (torture->only >= 0) {
        printf("refused %d, wrong %u, errors %u, problems %llu\n%s\n%s\n",
               torture->report->refused, torture->report->wrong,
               torture->report->errors,
               (unsigned long long) torture->report->problems,
               torture->report->said, torture->report->problem);
    }

    if (n % WRITE_EVERY != 0) {
        return;
    }

    memset(torture->report, 0, sizeof(report_t));

    if (!torture_child(torture, n, "writer", torture_write)
        || !torture->report->written)
    {
        return;
    }

    torture->written++;

    if (torture_child(torture, n, "worker after the writer", torture_read)) {
        torture_judge(torture, n, "worker after the writer");
    }
}


/* Readers */

static int
torture_readers(const char *dir)
{
    unsigned     n;
    cv_txn_t    *txn;
    cv_store_t  *store;
    cv_error_t   error;

    if (cv_store_open(&store, dir, false, &error) != CV_OK) {
        fprintf(stderr, "torture: %s\n", error.text);
        return 2;
    }

    for (n = 0; cv_snapshot_open(&txn, store, &error) == CV_OK; n++) {
        /* void */
    }

    printf("%u\n", n);
    (void) fflush(stdout);

    (void) pause();

    return 0;
}


static double
torture_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


static void
torture_options(torture_t *torture, int argc, char **argv)
{
    int  option;

    torture->seed = 1;
    torture->cases = 1000;
    torture->only = -1;

    while ((option = getopt(argc, argv, "s:n:c:k:r:")) != -1) {

        switch (option) {

        case 's':
            torture->seed = strtoull(optarg, NULL, 10);
            break;

        case 'n':
            torture->cases = (unsigned) strtoul(optarg, NULL, 10);
            break;

        case 'c':
            torture->only = strtol(optarg, NULL, 10);
            break;

        case 'k':
            torture->keep = optarg;
            break;

        case 'r':
            torture->readers = optarg;
            break;

        default:
            fprintf(stderr, "usage: torture [-s SEED] [-n CASES] [-c CASE] "
                    "[-k DIRECTORY] | -r STORE\n");
            exit(2);
        }
    }
}


static void
torture_remove(const char *dir)
{
    char        path[128];
    unsigned    i;

    static const char *const  names[] = { "data.mdb", "lock.mdb" };

    for (i = 0; i < CV_COUNT(names); i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void) unlink(path);
    }

    (void) rmdir(dir);
}


int
main(int argc, char **argv)
{
    double         began;
    unsigned       n;
    struct rlimit  core;

    static torture_t  torture;

    torture_options(&torture, argc, argv);

    if (torture.readers != NULL) {
        return torture_readers(torture.readers);
    }

    core = (struct rlimit) { 0, 0 };
    (void) setrlimit(RLIMIT_CORE, &core);

    (void) snprintf(torture.dir, sizeof(torture.dir), "%s/cv_torture.XXXXXX",
                    torture_temp());
    torture.report = mmap(NULL, sizeof(report_t), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (torture.report == MAP_FAILED || mkdtemp(torture.dir) == NULL) {
        perror("torture");
        return 2;
    }

    began = torture_clock();
    subject_make(&torture.subject, torture.dir);

    torture.damage.bytes = malloc(torture.subject.len[SUBJECT_NEWEST]);

    if (torture.damage.bytes == NULL) {
        return 2;
    }

    printf("seed %llu, %zu questions, %zu pages\n",
           (unsigned long long) torture.seed, torture.subject.nqueries,
           torture.subject.len[SUBJECT_NEWEST] / 4096);

    if (torture.only >= 0) {
        torture_case(&torture, (unsigned) torture.only);
    }

    for (n = 0; torture.only < 0 && n < torture.cases; n++) {
        torture_case(&torture, n);
    }

    printf("%u cases, %.1f s: %u refused, %u answered with errors, %u wrong "
           "but caught by the check, %u unharmed, %u an older state; "
           "%u writes; %u failed\n",
           torture.only < 0 ? torture.cases : 1, torture_clock() - began,
           torture.refused, torture.errors, torture.caught, torture.clean,
           torture.older, torture.written, torture.failures);

    torture_remove(torture.dir);
    subject_free(&torture.subject);
    free(torture.damage.bytes);

    return torture.failures > 0;
}

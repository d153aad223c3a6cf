
/*
 * Copyright (C) The credverify authors
 */

#include "cv_meter.h"
#include "cv_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define CV_METER_VERSION  1
#define CV_METER_MAGIC    0x314d56434d564331        /* any that is not zero */

/* The first page; integers are the machine's, which maps the file. */

typedef struct {
    uint64_t    magic;
    uint32_t    version;
    uint32_t    slot_size;
    uint8_t     uuid[CV_METER_UUID_LEN];
    cv_word_t   slots;              /* that were made whole */
    uint8_t     secret[CV_METER_SECRET_LEN];
} cv_meter_header_t;

#define CV_METER_START  ((size_t) 4096)

struct cv_meter_s {
    const char         *name;       /* of the file */
    char               *dir;
    dev_t               dev;
    ino_t               ino;
    uint8_t            *map;
    cv_meter_header_t  *header;
    uint8_t             uuid[CV_METER_UUID_LEN];
    uint8_t             secret[CV_METER_SECRET_LEN];
};

#define CV_METER_MAP_SIZE  (CV_METER_START + CV_METER_SLOTS * sizeof(cv_slot_t))


static cv_err_t
cv_meter_errno(cv_error_t *error, const char *dir, const char *name)
{
    int       err;
    cv_err_t  code;

    err = errno;

    code = err == ENOENT ? CV_ERR_MISSING
         : err == EACCES || err == EPERM || err == EROFS ? CV_ERR_ACCESS
         : err == ENOSPC || err == EDQUOT ? CV_ERR_FULL
         : err == ENOMEM ? CV_ERR_NOMEM : CV_ERR_IO;

    return cv_error_set(error, code, "%s/%s: %s%s", dir, name, strerror(err),
                        code == CV_ERR_MISSING
                        ? "; make it with \"credverify upgrade\"" : "");
}


static cv_err_t
cv_meter_path(char path[PATH_MAX], const char *dir, const char *name,
    cv_error_t *error)
{
    int  n;

    n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

    return n < 0 || n >= PATH_MAX
           ? cv_error_set(error, CV_ERR_INPUT, "%s: the path is too long", dir)
           : CV_OK;
}


static size_t
cv_meter_size(uint64_t slots)
{
    return CV_METER_START + (size_t) (slots + 1) * sizeof(cv_slot_t);
}


/*
 * What is wrong with a header, if anything.  A file of an "extend" that did
 * not end has a zero magic, and is begun anew.
 */

static cv_err_t
cv_meter_check(const cv_meter_t *meter, const cv_meter_header_t *header,
    off_t size, const uint8_t uuid[CV_METER_UUID_LEN], cv_error_t *error)
{
    const char  *what;

    what = NULL;

    if (header->magic != CV_METER_MAGIC) {
        what = "these are no counters";

    } else if (header->version != CV_METER_VERSION
               || header->slot_size != sizeof(cv_slot_t))
    {
        return cv_error_set(error, CV_ERR_VERSION, "%s/%s: it needs another "
                            "version of credverify", meter->dir, meter->name);

    } else if (memcmp(header->uuid, uuid, CV_METER_UUID_LEN) != 0) {
        what = "these are another store's counters";

    } else if (header->slots >= CV_METER_SLOTS
               || (size_t) size < cv_meter_size(header->slots))
    {
        what = "the file is truncated";
    }

    return what == NULL
           ? CV_OK
           : cv_error_set(error, CV_ERR_DAMAGED, "%s/%s: %s; restore a "
                          "backup", meter->dir, meter->name, what);
}


/* that a name is there lasts from the next sync of its directory on */

static void
cv_meter_sync_place(const char *dir)
{
    int  fd;

    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd != -1) {
        (void) fsync(fd);
        (void) close(fd);
    }
}


/* A new file is written whole beside, and gets its name when it is. */

static cv_err_t
cv_meter_create(const char *dir, const char *name, const char *like,
    uint64_t slots, const uint8_t uuid[CV_METER_UUID_LEN], cv_error_t *error)
{
    int                fd, err;
    char               path[PATH_MAX], new[PATH_MAX], temporary[64];
    struct stat        st;
    cv_meter_header_t  header;

    if (cv_meter_path(path, dir, like, error) != CV_OK) {
        return CV_ERR_INPUT;
    }

    if (stat(path, &st) != 0) {
        return cv_meter_errno(error, dir, name);
    }

    (void) snprintf(temporary, sizeof(temporary), "%s.%ld", name,
                    (long) getpid());

    if (cv_meter_path(path, dir, name, error) != CV_OK
        || cv_meter_path(new, dir, temporary, error) != CV_OK)
    {
        return CV_ERR_INPUT;
    }

    memset(&header, 0, sizeof(header));
    header.magic = CV_METER_MAGIC;
    header.version = CV_METER_VERSION;
    header.slot_size = sizeof(cv_slot_t);
    header.slots = slots;
    memcpy(header.uuid, uuid, CV_METER_UUID_LEN);

    if (getrandom(header.secret, sizeof(header.secret), 0)
        != (ssize_t) sizeof(header.secret))
    {
        return cv_meter_errno(error, dir, name);
    }

    (void) unlink(new);             /* of an attempt that was interrupted */

    fd = open(new, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd == -1) {
        return cv_meter_errno(error, dir, name);
    }

    err = posix_fallocate(fd, 0, (off_t) cv_meter_size(slots));
    errno = err;

    /* of two that make it at once, the first one's is the file */

    if (err == 0
        && (write(fd, &header, sizeof(header)) != (ssize_t) sizeof(header)
            || (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) != 0)
            || fchmod(fd, st.st_mode & 0777) != 0
            || fsync(fd) != 0
            || (link(new, path) != 0 && errno != EEXIST)))
    {
        err = errno != 0 ? errno : EIO;
    }

    (void) close(fd);
    (void) unlink(new);

    if (err != 0) {
        errno = err;
        return cv_meter_errno(error, dir, name);
    }

    cv_meter_sync_place(dir);

    return CV_OK;
}


static cv_err_t
cv_meter_map(cv_meter_t *meter, const uint8_t uuid[CV_METER_UUID_LEN],
    bool look, cv_error_t *error)
{
    int                fd;
    void              *map;
    char               path[PATH_MAX];
    ssize_t            n;
    cv_err_t           err;
    struct stat        st;
    cv_meter_header_t  header;

    err = cv_meter_path(path, meter->dir, meter->name, error);
    if (err != CV_OK) {
        return err;
    }

    fd = open(path, (look ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW);
    if (fd == -1) {
        return cv_meter_errno(error, meter->dir, meter->name);
    }

    /* read, not mapped: it may be cut short while it is looked at */

    map = MAP_FAILED;
    n = pread(fd, &header, sizeof(header), 0);

    if (fstat(fd, &st) != 0 || n == -1) {
        err = cv_meter_errno(error, meter->dir, meter->name);

    } else if (n != (ssize_t) sizeof(header)
               || (size_t) st.st_size < cv_meter_size(0))
    {
        err = cv_error_set(error, CV_ERR_DAMAGED, "%s/%s: the file is "
                           "truncated; restore a backup", meter->dir,
                           meter->name);

    } else {
        err = cv_meter_check(meter, &header, st.st_size, uuid, error);
    }

    if (err == CV_OK) {

        /* what the file has not yet is not touched */

        map = mmap(NULL, CV_METER_MAP_SIZE,
                   look ? PROT_READ : PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_NORESERVE, fd, 0);

        if (map == MAP_FAILED) {
            err = cv_meter_errno(error, meter->dir, meter->name);
        }
    }

    (void) close(fd);

    if (err != CV_OK) {
        return err;
    }

    meter->map = map;
    meter->header = map;
    meter->dev = st.st_dev;
    meter->ino = st.st_ino;
    memcpy(meter->uuid, header.uuid, CV_METER_UUID_LEN);
    memcpy(meter->secret, header.secret, CV_METER_SECRET_LEN);

    return CV_OK;
}


static cv_err_t
cv_meter_open_file(cv_meter_t **out, const char *dir, const char *name,
    const uint8_t uuid[CV_METER_UUID_LEN], bool look, cv_error_t *error)
{
    cv_err_t     err;
    cv_meter_t  *meter;

    meter = calloc(1, sizeof(cv_meter_t));

    if (meter == NULL || (meter->dir = strdup(dir)) == NULL) {
        free(meter);
        return cv_error_set(error, CV_ERR_NOMEM, "%s: no memory", dir);
    }

    meter->name = name;

    err = cv_meter_map(meter, uuid, look, error);

    if (err != CV_OK) {
        cv_meter_close(meter);
        return err;
    }

    *out = meter;

    return CV_OK;
}


cv_err_t
cv_meter_open(cv_meter_t **meter, const char *dir,
    const uint8_t uuid[CV_METER_UUID_LEN], cv_error_t *error)
{
    return cv_meter_open_file(meter, dir, CV_METER_FILE, uuid, false, error);
}


cv_err_t
cv_meter_open_to_look(cv_meter_t **meter, const char *dir,
    const uint8_t uuid[CV_METER_UUID_LEN], cv_error_t *error)
{
    return cv_meter_open_file(meter, dir, CV_METER_FILE, uuid, true, error);
}


cv_err_t
cv_visitors_open(cv_meter_t **meter, const char *dir, const char *like,
    const uint8_t uuid[CV_METER_UUID_LEN], cv_error_t *error)
{
    char      path[PATH_MAX];
    cv_err_t  err;

    err = cv_meter_open_file(meter, dir, CV_VISITORS_FILE, uuid, false, error);

    if (err == CV_ERR_DAMAGED || err == CV_ERR_VERSION) {

        /* what it had is of use for a day at most */

        if (cv_meter_path(path, dir, CV_VISITORS_FILE, error) == CV_OK
            && unlink(path) == 0)
        {
            err = CV_ERR_MISSING;
        }
    }

    if (err == CV_ERR_MISSING) {
        err = cv_meter_create(dir, CV_VISITORS_FILE, like, CV_VISITORS, uuid,
                              error);

        if (err == CV_OK) {
            err = cv_meter_open_file(meter, dir, CV_VISITORS_FILE, uuid, false,
                                     error);
        }
    }

    return err;
}


void
cv_meter_close(cv_meter_t *meter)
{
    if (meter == NULL) {
        return;
    }

    if (meter->map != NULL) {
        (void) munmap(meter->map, CV_METER_MAP_SIZE);
    }

    free(meter->dir);
    free(meter);
}


/*
 * The disk has room for every slot before there is one: a full disk is an
 * error here, and none where calls are counted.  Only of what is new, since
 * where the file system cannot do that, the library writes zeros.
 */

static cv_err_t
cv_meter_grow(cv_meter_t *meter, uint64_t slots, cv_error_t *error)
{
    int       fd, err;
    char      path[PATH_MAX];
    size_t    used;

    if (cv_meter_path(path, meter->dir, meter->name, error) != CV_OK) {
        return CV_ERR_INPUT;
    }

    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd == -1) {
        return cv_meter_errno(error, meter->dir, meter->name);
    }

    used = cv_meter_size(cv_meter_slots(meter));
    err = posix_fallocate(fd, (off_t) used,
                          (off_t) (cv_meter_size(slots) - used));

    if (err == 0 && fsync(fd) != 0) {
        err = errno;
    }

    (void) close(fd);

    if (err != 0) {
        errno = err;
        return cv_meter_errno(error, meter->dir, meter->name);
    }

    atomic_store(&meter->header->slots, slots);

    return CV_OK;
}


cv_err_t
cv_meter_extend(const char *dir, const char *like,
    const uint8_t uuid[CV_METER_UUID_LEN], uint64_t slots, cv_error_t *error)
{
    cv_err_t     err;
    cv_meter_t  *meter;

    if (slots >= CV_METER_SLOTS) {
        return cv_error_set(error, CV_ERR_LIMIT, "%s/" CV_METER_FILE
                            ": there can be no more than %llu keys", dir,
                            (unsigned long long) CV_METER_SLOTS - 1);
    }

    err = cv_meter_open(&meter, dir, uuid, error);

    if (err == CV_ERR_MISSING) {
        err = cv_meter_create(dir, CV_METER_FILE, like, 0, uuid, error);

        if (err == CV_OK) {
            err = cv_meter_open(&meter, dir, uuid, error);
        }
    }

    if (err != CV_OK) {
        return err;
    }

    if (cv_meter_slots(meter) < slots) {
        err = cv_meter_grow(meter, slots, error);
    }

    cv_meter_close(meter);

    return err;
}


const uint8_t *
cv_meter_secret(const cv_meter_t *meter)
{
    return meter->secret;
}


uint64_t
cv_meter_slots(const cv_meter_t *meter)
{
    return atomic_load_explicit(&meter->header->slots, memory_order_acquire);
}


cv_slot_t *
cv_meter_slot_any(cv_meter_t *meter, uint64_t number)
{
    if (number == 0 || number >= CV_METER_SLOTS
        || number > cv_meter_slots(meter))
    {
        return NULL;
    }

    return (cv_slot_t *) (void *) (meter->map + CV_METER_START) + number;
}


cv_slot_t *
cv_meter_slot(cv_meter_t *meter, uint64_t number, uint64_t uid)
{
    cv_slot_t  *slot;

    slot = cv_meter_slot_any(meter, number);

    return slot != NULL
           && atomic_load_explicit(&slot->uid, memory_order_acquire) == uid
           ? slot : NULL;
}


static bool
cv_meter_is_ours(const void *data, int signo, uintptr_t at)
{
    const cv_meter_t  *meter = data;

    (void) signo;

    return at - (uintptr_t) meter->map < CV_METER_MAP_SIZE;
}


cv_err_t
cv_meter_guard(cv_meter_t *meter, void (*fn)(void *arg), void *arg)
{
    return cv_fault_guard(cv_meter_is_ours, meter, fn, arg)
           ? CV_OK : CV_ERR_DAMAGED;
}


cv_err_t
cv_meter_probe(cv_meter_t *meter, cv_error_t *error)
{
    char         path[PATH_MAX];
    cv_err_t     err;
    struct stat  st;

    err = cv_meter_path(path, meter->dir, meter->name, error);
    if (err != CV_OK) {
        return err;
    }

    if (stat(path, &st) != 0) {
        return cv_meter_errno(error, meter->dir, meter->name);
    }

    if (st.st_dev != meter->dev || st.st_ino != meter->ino
        || (size_t) st.st_size < cv_meter_size(0)
        || meter->header->magic != CV_METER_MAGIC
        || memcmp(meter->header->uuid, meter->uuid, CV_METER_UUID_LEN) != 0
        || (size_t) st.st_size < cv_meter_size(cv_meter_slots(meter)))
    {
        return cv_error_set(error, CV_ERR_DAMAGED, "%s/%s: the file was "
                            "replaced, or truncated", meter->dir, meter->name);
    }

    return CV_OK;
}


cv_err_t
cv_meter_settle(cv_meter_t *meter, uint64_t first, uint64_t last,
    cv_error_t *error)
{
    size_t  start, end, page;

    page = (size_t) sysconf(_SC_PAGESIZE);
    start = cv_meter_size(first - 1) & -page;
    end = cv_meter_size(last);

    return msync(meter->map + start, end - start, MS_SYNC) == 0
           && msync(meter->map, CV_METER_START, MS_SYNC) == 0
           ? CV_OK : cv_meter_errno(error, meter->dir, meter->name);
}


uint64_t
cv_meter_bytes(const cv_meter_t *meter)
{
    return cv_meter_size(cv_meter_slots(meter));
}


static cv_err_t
cv_meter_write(int fd, const uint8_t *data, size_t len, const char *what,
    cv_error_t *error)
{
    ssize_t  n;

    for ( /* void */ ; len > 0; data += n, len -= (size_t) n) {
        n = write(fd, data, len);

        if (n == -1 && errno == EINTR) {
            n = 0;
        }

        if (n == -1) {
            return cv_error_set(error, errno == ENOSPC || errno == EDQUOT
                                       ? CV_ERR_FULL : CV_ERR_IO,
                                "%s: %s", what, strerror(errno));
        }
    }

    return CV_OK;
}


/* a piece of a copy */

typedef struct {
    cv_word_t  *from;
    size_t      n;
    uint64_t    words[CV_METER_START / sizeof(uint64_t)];
} cv_meter_piece_t;


/* word by word, none of which changes while it is read */

static void
cv_meter_copy_piece(void *arg)
{
    size_t             i;
    cv_meter_piece_t  *piece = arg;

    for (i = 0; i < piece->n; i++) {
        piece->words[i] = atomic_load_explicit(&piece->from[i],
                                               memory_order_relaxed);
    }
}


cv_err_t
cv_meter_copy(cv_meter_t *meter, int fd, const char *what, cv_error_t *error)
{
    size_t             at, len, size;
    cv_err_t           err;
    uint64_t           slots;
    cv_meter_piece_t   piece;

    err = CV_OK;
    slots = cv_meter_slots(meter);
    size = cv_meter_size(slots);

    for (at = 0; at < size && err == CV_OK; at += sizeof(piece.words)) {
        len = size - at < sizeof(piece.words) ? size - at
                                              : sizeof(piece.words);
        piece.from = (cv_word_t *) (void *) (meter->map + at);
        piece.n = len / sizeof(uint64_t);

        err = cv_meter_guard(meter, cv_meter_copy_piece, &piece);

        if (err != CV_OK) {
            return cv_error_set(error, err, "%s/%s: the file was cut short "
                                "while it was read", meter->dir, meter->name);
        }

        /* there may be more by now, of keys that the copy has not */

        if (at == 0) {
            piece.words[offsetof(cv_meter_header_t, slots)
                        / sizeof(uint64_t)] = slots;
        }

        err = cv_meter_write(fd, (uint8_t *) piece.words, len, what, error);
    }

    return err;
}


/* Addresses */

/* so many slots that an address may have */
#define CV_VISITOR_WAYS  8

/* in the place of whose slot it is, while it changes hands */
#define CV_VISITOR_BUSY  1

/*
 * How often to wait for that, and how long: it takes less than a microsecond,
 * unless its taker has lost the CPU, or was killed.
 */
#define CV_VISITOR_PATIENCE  1000
#define CV_VISITOR_WAIT      50     /* microseconds */


static cv_slot_t *
cv_visitor_slots(cv_meter_t *visitors, uint64_t hash)
{
    return (cv_slot_t *) (void *) (visitors->map + CV_METER_START) + 1
           + hash % (CV_VISITORS / CV_VISITOR_WAYS) * CV_VISITOR_WAYS;
}


static cv_slot_t *
cv_visitor_known(cv_slot_t *slots, uint64_t hash)
{
    unsigned  i;

    for (i = 0; i < CV_VISITOR_WAYS; i++) {
        if (atomic_load_explicit(&slots[i].uid, memory_order_acquire) == hash) {
            return &slots[i];
        }
    }

    return NULL;
}


cv_slot_t *
cv_visitor_find(cv_meter_t *visitors, uint64_t hash)
{
    return cv_visitor_known(cv_visitor_slots(visitors, hash), hash);
}


/* the one not used for longest, and whose it was; none while one is busy */

static unsigned
cv_visitor_oldest(cv_slot_t *slots, bool patient, uint64_t *was)
{
    unsigned  i, found;
    uint64_t  uid, last, oldest;

    found = CV_VISITOR_WAYS;
    oldest = UINT64_MAX;

    for (i = 0; i < CV_VISITOR_WAYS; i++) {
        uid = atomic_load(&slots[i].uid);

        if (uid == CV_VISITOR_BUSY && patient) {
            return CV_VISITOR_WAYS;
        }

        last = uid == 0 ? 0 : atomic_load_explicit(&slots[i].last,
                                                   memory_order_relaxed);

        if (last < oldest) {
            oldest = last;
            found = i;
            *was = uid;
        }
    }

    return found;
}


/*
 * Takes over a slot, unless another one is, or is being made, the address's:
 * of two that are taken at once the later one gives way.  Whoever counts here
 * at this moment, for the one who had it, is counted for the new one: a unit
 * too many at most.
 */

static bool
cv_visitor_take(cv_slot_t *slots, unsigned mine, uint64_t was, uint64_t hash,
    uint64_t minute, unsigned *patience)
{
    unsigned  i;
    uint64_t  uid;

    if (was == hash) {
        return true;            /* it has become so since it was looked for */
    }

    uid = was;

    if (!atomic_compare_exchange_strong(&slots[mine].uid, &uid,
                                        CV_VISITOR_BUSY))
    {
        return false;
    }

    for (i = 0; i < CV_VISITOR_WAYS; i++) {
        uid = i == mine ? 0 : atomic_load(&slots[i].uid);

        while (uid == CV_VISITOR_BUSY && i > mine && *patience > 0) {
            (*patience)--;
            (void) usleep(CV_VISITOR_WAIT);
            uid = atomic_load(&slots[i].uid);
        }

        if (uid == hash || (uid == CV_VISITOR_BUSY && *patience > 0)) {
            atomic_store(&slots[mine].uid, was);
            return false;
        }
    }

    /* in this order: it is not the oldest any more when it is found */

    cv_slot_reset(&slots[mine], ~0U, 0);
    atomic_store(&slots[mine].last, minute);
    atomic_store(&slots[mine].uid, hash);

    return true;
}


cv_slot_t *
cv_visitor_slot(cv_meter_t *visitors, uint64_t hash, cv_time_t now)
{
    unsigned    i, patience;
    uint64_t    was, minute;
    cv_slot_t  *slots, *found;

    minute = cv_period(CV_WINDOW_MINUTE, now);
    slots = cv_visitor_slots(visitors, hash);
    found = cv_visitor_known(slots, hash);

    for (patience = CV_VISITOR_PATIENCE; found == NULL; /* void */ ) {
        i = cv_visitor_oldest(slots, patience > 0, &was);

        if (i < CV_VISITOR_WAYS
            && cv_visitor_take(slots, i, was, hash, minute, &patience))
        {
            return &slots[i];
        }

        if (patience > 0) {
            patience--;
            (void) usleep(CV_VISITOR_WAIT);
        }

        found = cv_visitor_known(slots, hash);
    }

    atomic_store_explicit(&found->last, minute, memory_order_relaxed);

    return found;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The protocol by which a record is changed and read: a stripe's robust mutex
 * (src/httpd/stripe.c), the `busy` mark and its repair (src/core/mlg_table.c),
 * the sequence number of a record (src/core/mlg_record.c), and the words of a
 * block (src/core/mlg_block.c). Every store and load to shared memory that
 * others may see in between is a step of its own; those that relaxed atomics
 * leave unordered happen in any order. A writer may die before each step.
 *
 * One stripe with one place for a record, which two clients evict each other
 * from, and one slot for a block. Two writers judge and settle requests; a
 * reader copies the record or looks for a block at any moment.
 *
 * What must hold
 *   P1  a reader never believes a torn record, nor one client's for another's
 *   P2  nobody is believed blocked by another client's block
 *   P3  a holder never finds ranks half moved, a busy mark or a tag that does
 *       not match, once it has repaired
 *   P4  a death loses the record that was being written, and no other update:
 *       what was published is what the next holder finds
 *   P5  a block that was entered stays
 *   P6  whoever comes last finds the stripe free, or its holder dead
 *
 * `make model-check` proves these, and that each of the mutations below breaks
 * one of them: what is left out is needed.
 *
 *   NO_REPAIR   a new holder does not look at `busy`
 *   NO_BUSY     `busy` is never set
 *   NO_ROBUST   a dead holder keeps the mutex
 *   NO_SEQ      the reader does not look at the sequence number again
 *   NO_ODD      the writer does not make it odd
 *   NO_MINE     the reader does not look whose record it has copied
 *   NO_AGAIN    the reader of a block does not look at the client again
 */

#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2 /* requests of each writer */
#endif
#ifndef LOOKS_AT
#define LOOKS_AT 1 /* the reader: 1 the record, 2 the block */
#endif
#define WRITERS 2
#define TRIES   2 /* of a reader; four there, to no other effect */

#define NOBODY 0

/* A word of a record says whose it is and how many requests it counts; a whole
 * one has the same in both. The first is the one by which it is found. */
#define WORD(who, count) ((who) * 16 + (count))
#define client           (word0 / 16)

/* ---- shared memory ------------------------------------------------------ */

mtype = { FREE, HELD, DEAD };
mtype mutex = FREE;
byte owner;

bit busy;
byte seq;
byte tag;
byte word0, word1; /* of the record */
bit is_moving;    /* the ranks are being changed */

byte block_client = 2; /* whose block it was that is over */
bit block_word;        /* is it live? */

/* ---- what only the proof knows ------------------------------------------ */

byte deaths;
byte finished;
byte published;  /* requests in the record, as last published whole */
byte whose;      /* and whose */
bit is_damaged;  /* its writer died in it */
bit is_writing;  /* between the odd and the even number */
bit is_blocked;  /* client 1's block was entered */

/* ---- steps -------------------------------------------------------------- */

#define STEP(what)                                                             \
    if                                                                         \
    :: atomic { deaths < DEATHS -> deaths++; goto dies }                       \
    :: what                                                                    \
    fi

/* mlg_record_publish(): the words in any order between the two numbers. */
inline publish(who, count)
{
#ifndef NO_ODD
    STEP(atomic { seq = seq | 1; is_writing = 1 });
#else
    STEP(is_writing = 1);
#endif
    do
    :: !done0 -> STEP(atomic { word0 = WORD(who, count); done0 = 1 })
    :: !done1 -> STEP(atomic { word1 = WORD(who, count); done1 = 1 })
    :: atomic { done0 && done1 -> done0 = 0; done1 = 0; break }
    od;
#ifndef NO_ODD
    STEP(atomic { seq = (seq | 1) + 1; is_writing = 0; whose = who;
                  published = count; is_damaged = 0 });
#else
    STEP(atomic { seq = seq + 2; is_writing = 0; whose = who;
                  published = count; is_damaged = 0 });
#endif
}

inline mark(value)
{
#ifndef NO_BUSY
    STEP(busy = value);
#else
    skip;
#endif
}

/* mlg_table_repair() */
inline repair()
{
#ifndef NO_REPAIR
    if
    :: busy ->
        publish(NOBODY, 0);
        STEP(tag = 0);
        STEP(is_moving = 0);
        STEP(busy = 0)
    :: else
    fi;
#endif
    atomic {
        assert(!is_moving && !busy);                       /* P3 */
        assert(client == 0 || (seq & 1) || tag == client); /* P3 */
    }
}

/* pthread_mutex_trylock() and, after a death, pthread_mutex_consistent() */
inline try_lock()
{
    is_mine = 0;
    if
    :: atomic { mutex == FREE -> mutex = HELD; owner = _pid; is_mine = 1 }
#ifndef NO_ROBUST
    :: atomic { mutex == DEAD -> mutex = HELD; owner = _pid; is_mine = 1 }
#endif
    :: mutex != FREE -> skip /* judged from a copy: the update is skipped */
    fi;
}

/* What this holder copies out, with the stripe: nobody else writes. */
inline copy_own(who)
{
    if
    :: (seq & 1) -> count = 0 /* its last writer died */
    :: else -> atomic {
        assert(word0 == word1);                       /* P1 */
        assert(word0 == WORD(who, word0 % 16));       /* P1 */
        count = word0 % 16;
        assert(whose == who && count == published)    /* P4 */ }
    fi;
}

/* mlg_judge() with the stripe held */
inline judge(who)
{
    repair();
    if
    :: tag == who && client == who ->
        mark(1);
        copy_own(who)
    :: else -> /* a newcomer takes the place */
        assert(is_damaged || client == 0 || whose == client); /* P4 */
        mark(1);
        count = 0;
        publish(who, 0);
        STEP(tag = who)
    fi;
    STEP(is_moving = 1);
    STEP(is_moving = 0);
    count++;
    if
    :: who == 1 && count == 2 && !is_blocked -> /* convict */
        STEP(block_word = 0);
        STEP(block_client = who);
        STEP(atomic { block_word = 1; is_blocked = 1 })
    :: else
    fi;
    publish(who, count);
    mark(0);
}

/* mlg_settle() with the stripe held: no busy mark */
inline settle(who)
{
    repair();
    if
    :: tag == who && client == who && !(seq & 1) ->
        copy_own(who);
        publish(who, count)
    :: else
    fi;
}

proctype writer()
{
    byte rounds, count, who;
    bit is_mine, done0, done1;

again:
    do
    :: rounds == ROUNDS -> break
    :: rounds < ROUNDS ->
        rounds++;
        if
        :: who = 1
        :: who = 2
        fi;
        try_lock();
        if
        :: is_mine ->
            judge(who);
            STEP(mutex = FREE);
            try_lock();
            if
            :: is_mine -> settle(who); STEP(mutex = FREE)
            :: else
            fi
        :: else
        fi;
        atomic { is_mine = 0; count = 0; who = 0 }
    od;
    goto ends;

dies: /* the kernel marks what it held; another child takes its place */
    atomic {
        is_damaged = (is_damaged || (mutex == HELD && owner == _pid &&
                      (is_writing || busy)));
        is_writing = (mutex == HELD && owner == _pid -> 0 : is_writing);
        mutex = (mutex == HELD && owner == _pid -> DEAD : mutex);
        is_mine = 0; count = 0; who = 0;
        done0 = 0; done1 = 0;
    }
    goto again;

ends:
    atomic { finished++; rounds = 0 }
}

/* mlg_table_find(), mlg_record_copy() and the look at whose it is */
inline read_record(who)
{
    tries = 0;
    do
    :: tries == TRIES || tag != who || client != who -> break
    :: tries < TRIES && tag == who && client == who ->
        tries++;
        before = seq;
        if
        :: (before & 1)
        :: else ->
            do
            :: atomic { !got0 -> a = word0; got0 = 1 }
            :: atomic { !got1 -> b = word1; got1 = 1 }
            :: atomic { got0 && got1 -> got0 = 0; got1 = 0; break }
            od;
            if
#ifndef NO_SEQ
            :: seq != before
            :: else ->
#else
            :: true ->
#endif
                if
#ifndef NO_MINE
                :: a / 16 != who
                :: else ->
#else
                :: true ->
#endif
                    assert(a == b);                  /* P1 */
                    assert(a == WORD(who, a % 16)); /* P1 */
                    break
                fi
            fi
        fi
    od;
    atomic { a = 0; b = 0; before = 0; tries = 0 }
}

/* mlg_block_find(), for the client whose block is over and must not be
 * believed, and for the one whose block was entered and must be found */
inline read_block(who)
{
    had_block = is_blocked;
    is_found = 0;
    c = block_client;
    if
    :: c == who ->
        a = block_word;
#ifndef NO_AGAIN
        c = block_client;
#endif
        is_found = (c == who && a)
    :: else
    fi;
    assert(who == 1 || !is_found);               /* P2 */
    assert(who != 1 || !had_block || is_found);  /* P5 */
    atomic { a = 0; c = 0; is_found = 0; had_block = 0 }
}

proctype reader()
{
    byte before, a, b, c, tries;
    bit got0, got1, is_found, had_block;

    if /* once, at any moment: between two reads it remembers nothing */
#if LOOKS_AT == 1
    :: read_record(1)
#else
    :: read_block(1)
    :: read_block(2)
#endif
    fi
}

/* Whoever comes last, and does not die. */
proctype last()
{
    byte count;
    bit done0, done1;

    finished == WRITERS;
    assert(mutex == FREE || mutex == DEAD); /* P6 */
#ifdef NO_ROBUST
    assert(mutex == FREE);                  /* P6: a dead one cannot be taken */
#endif
    mutex = HELD;
    deaths = DEATHS;
    judge(2);
    assert(!(seq & 1) && client == 2 && tag == 2);
    assert(word0 == WORD(2, count) && word1 == word0);
    assert(!is_blocked || (block_client == 1 && block_word)); /* P5 */
    goto ends;

dies: /* never */
    assert(false);
ends:
    skip
}

init
{
    atomic {
        run writer();
        run writer();
        run reader();
        run last();
    }
}

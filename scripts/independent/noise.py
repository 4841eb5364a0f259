"""Named streams of random numbers, as docs/noise.md describes them: standard library only."""

import math
import statistics

MASK = 0xFFFFFFFF
# The columns and then the diagonals of a 4 x 4 state: BLAKE3 and ChaCha share them.
QUARTERS = [(i, 4 + i, 8 + i, 12 + i) for i in range(4)]
QUARTERS += [(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4) for i in range(4)]

BLAKE3_START = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A]
BLAKE3_START += [0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
BLAKE3_ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
CHUNK_START, CHUNK_END, ROOT = 1, 2, 8


def rotated_left(word, bits):
    return (word << bits | word >> (32 - bits)) & MASK


def words_of(data):
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]


def blake3(data):
    """The hash of at most 1024 bytes (one chunk), as eight words."""
    assert len(data) <= 1024
    chain = BLAKE3_START
    blocks = [data[i : i + 64] for i in range(0, len(data), 64)] or [b""]
    for index, block in enumerate(blocks):
        flags = CHUNK_START if index == 0 else 0
        flags |= CHUNK_END | ROOT if index == len(blocks) - 1 else 0
        message = words_of(block.ljust(64, b"\0"))
        s = chain + BLAKE3_START[:4] + [0, 0, len(block), flags]
        for _ in range(7):
            for turn, (a, b, c, d) in enumerate(QUARTERS):
                for right, half in ((16, 0), (8, 1)):
                    s[a] = (s[a] + s[b] + message[2 * turn + half]) & MASK
                    s[d] = rotated_left(s[d] ^ s[a], 32 - right)
                    s[c] = (s[c] + s[d]) & MASK
                    s[b] = rotated_left(s[b] ^ s[c], 20 if half == 0 else 25)
            message = [message[place] for place in BLAKE3_ORDER]
        chain = [s[i] ^ s[i + 8] for i in range(8)]
    return chain


def chacha8(key, stream, block):
    """The sixteen words of one block."""
    counter = [block & MASK, block >> 32, stream & MASK, stream >> 32]
    start = words_of(b"expand 32-byte k") + key + counter
    s = list(start)
    for _ in range(4):
        for a, b, c, d in QUARTERS:
            for left_d, left_b in ((16, 12), (8, 7)):
                s[a] = (s[a] + s[b]) & MASK
                s[d] = rotated_left(s[d] ^ s[a], left_d)
                s[c] = (s[c] + s[d]) & MASK
                s[b] = rotated_left(s[b] ^ s[c], left_b)
    return [(x + y) & MASK for x, y in zip(s, start)]


class Noise:
    """The stream of a name, and of a step."""

    def __init__(self, *name, step=0):
        name = [part.encode() for part in name]
        self.key = blake3(b"".join(len(part).to_bytes(8, "little") + part for part in name))
        self.step = step
        self.position = 0

    def word(self):
        block, place = divmod(self.position, 16)
        self.position += 1
        if place == 0:
            self.block = chacha8(self.key, self.step, block)
        return self.block[place]

    def uniform(self):
        """A uniform number of 53 bits, from two words."""
        while True:
            low, high = self.word(), self.word()
            number = (high << 32 | low) >> 11
            if number > 0:
                return number / 2**53

    def normals(self, count):
        """Standard normal numbers; the uniform numbers come sixteen at a time."""
        uniforms = [self.uniform() for _ in range(-(-count // 16) * 16)]
        # Python's quantile is Wichura's AS 241, too.
        return [statistics.NormalDist().inv_cdf(u) for u in uniforms[:count]]

    def index(self, n):
        """A uniform number below n (Lemire 2019)."""
        return self.index_of(self.word(), n)

    def index_of(self, word, n):
        while word * n % 2**32 < 2**32 % n:
            word = self.word()
        return word * n >> 32

    def indices(self, n, count):
        """Their words come first, then those that replace a rejected one."""
        words = [self.word() for _ in range(count)]
        return [self.index_of(word, n) for word in words]

    def permutation(self, n):
        order = list(range(n))
        for last in range(n - 1, 0, -1):
            other = self.index(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def uniforms(self, rows, columns):
        """A matrix of uniform numbers of one word each: sixteen rows at a time, column by column."""
        matrix = []
        for first in range(0, rows, 16):
            block = [[(self.word() + 0.5) / 2**32 for _ in range(16)] for _ in range(columns)]
            matrix += [[column[i] for column in block] for i in range(min(16, rows - first))]
        return matrix

    def gumbels(self, rows, columns):
        return [[-math.log(-math.log(u)) for u in row] for row in self.uniforms(rows, columns)]

// Some ten thousand buffers and strings of all sizes, some of them dropped again, for node to hold and
// for other tools to read.
const kept = [];

for (let i = 0; i < 30000; i++) {
    const size = 40 + ((i * 7919) % 3000) * (i % 100 === 0 ? 40 : 1);
    kept.push(Buffer.allocUnsafeSlow(size));
    if (i % 3 === 0) {
        kept[i >> 1] = null;
    }
}

setInterval(() => kept.length, 1000000);

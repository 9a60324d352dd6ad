// Values that both the reader (here, at once) and the server (later) may change.

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// The server's answers to the reader's own changes come late and in between: an echo of something
// already left behind must not bring it back, and a server that did not move overrules nobody.
export class Agreed {
  constructor(value) {
    this.value = value;
    this.server = value;
    this.told = [];
  }

  // The reader changes the value.
  set(value) {
    this.value = value;
    this.told.push(value);
  }

  // The server says what it believes.
  hear(value) {
    const moved = !same(value, this.server);
    this.server = value;
    if (same(value, this.value)) this.told = [];
    else if (moved && !this.told.some((echo) => same(echo, value))) {
      this.value = value;
      this.told = [];
    }
  }
}

// One event after a short quiet: holding a key does not flood the server.
export class Mailbox {
  constructor(send) {
    this.send = send;
    this.timer = 0;
  }

  post(event, quiet = 0) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(event()), quiet);
  }

  close() {
    clearTimeout(this.timer);
  }
}

/** The time of a server, which may differ from that of this machine: told by the header "Date", to the second. */
export class ServerClock {
  /** Milliseconds that the server is ahead. */
  #ahead = 0;

  /** Takes the header of an answer that has just come. */
  learn(header: string | string[] | undefined): void {
    const time = Date.parse(String(header));
    if (!Number.isNaN(time)) this.#ahead = time - Date.now();
  }

  date(): Date {
    return new Date(Date.now() + this.#ahead);
  }
}

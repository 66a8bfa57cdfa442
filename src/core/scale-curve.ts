/** What was seen of a workload and its queue at one moment. */
export interface Sample {
  /** Since the first message was put. */
  readonly seconds: number;
  /** Replicas that the Deployment is to have. */
  readonly wanted: number;
  readonly ready: number;
  /** Messages in the queue. */
  readonly messages: number;
  /** When they were counted, in seconds since the first message was put: at most `seconds`. */
  readonly countedSeconds: number;
}

/** What a series of samples comes to; a time is undefined when its event was not seen. */
export interface Curve {
  /** Most replicas that were ready at once. */
  readonly peak: number;
  /** Wanted numbers of replicas one after the other, from before the first message on. */
  readonly steps: readonly number[];
  readonly firstReplicaSeconds: number | undefined;
  /** The queue was empty after all messages had been put. */
  readonly drainedSeconds: number | undefined;
  /** The workload was back at its least number of replicas. */
  readonly settledSeconds: number | undefined;
}

/** Limits that a test sets; times in seconds. */
export interface Limits {
  readonly expectReplicas: number | undefined;
  readonly firstReplicaWithin: number | undefined;
  readonly drainedWithin: number | undefined;
}

/** The curve of samples in the order of time; `sentSeconds` is when the last message had been put, undefined while it has not. */
export function curveOf(samples: readonly Sample[], minReplicas: number, sentSeconds: number | undefined): Curve {
  const drained =
    sentSeconds === undefined
      ? undefined
      : samples.find(one => one.countedSeconds >= sentSeconds && one.messages === 0);
  const settled = drained && samples.find(one => one.seconds >= drained.seconds && isAtRest(one, minReplicas));
  return {
    peak: Math.max(0, ...samples.map(one => one.ready)),
    steps: samples.map(one => one.wanted).filter((wanted, index, all) => index === 0 || wanted !== all[index - 1]),
    firstReplicaSeconds: samples.find(one => one.seconds >= 0 && one.ready > 0)?.seconds,
    drainedSeconds: drained?.seconds,
    settledSeconds: settled?.seconds,
  };
}

/** Whether nothing is scaled up: no more replicas than the least number, none that has yet to become ready. */
export function isAtRest({ wanted, ready }: Pick<Sample, 'wanted' | 'ready'>, minReplicas: number): boolean {
  return wanted <= minReplicas && ready <= minReplicas;
}

/** What the test expected and did not get, each as a sentence with what to do. */
export function brokenLimits(curve: Curve, limits: Limits): readonly string[] {
  const { expectReplicas, firstReplicaWithin, drainedWithin } = limits;
  return [
    ...(expectReplicas !== undefined && curve.peak < expectReplicas
      ? [
          `Expected ${expectReplicas} replicas, got at most ${curve.peak}. Put more messages, raise "max-replicas", or check that the nodes have room for the pods.`,
        ]
      : []),
    ...late(
      'a first ready replica',
      firstReplicaWithin,
      curve.firstReplicaSeconds,
      'Lower "polling-interval", or make the image and the start of the app smaller.',
    ),
    ...late(
      'an empty queue',
      drainedWithin,
      curve.drainedSeconds,
      'Raise "max-replicas", lower the threshold of the function, or look at what slows it.',
    ),
  ];
}

function late(what: string, within: number | undefined, seconds: number | undefined, cure: string): readonly string[] {
  if (within === undefined || (seconds !== undefined && seconds <= within)) return [];
  return [
    `Expected ${what} within ${within} s, got it ${seconds === undefined ? 'not at all' : `after ${seconds.toFixed(1)} s`}. ${cure}`,
  ];
}

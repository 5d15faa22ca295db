/** Memento key of the runs that this user started and has not been told about; read before the session is loaded. */
export const watchedRunsKey = 'slipway.watchedRuns';

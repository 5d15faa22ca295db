/** In the workspace's state: an environment was used here, so the session loads with the window, for people's tools. */
export const usedKey = 'slipway.environmentUsed';

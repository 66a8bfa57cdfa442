function e(e,t){let n=[0];for(let e=t.indexOf(`
`);e!==-1;e=t.indexOf(`
`,e+1))n.push(e+1);return t=>{let r=0,i=n.length-1;for(;r<i;){let e=r+i+1>>1;(n[e]??0)<=t?r=e:i=e-1}return{file:e,line:r+1,column:t-(n[r]??0)+1}}}Object.defineProperty(exports,"t",{enumerable:!0,get:function(){return e}});